"""Train the name recognizer: ``python -m whorl.flywheel.recognizer.train``."""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ...platform.telemetry.redaction.names import KINDS, WEIGHTS, Encoded, TokenEncoder
from .sentences import Marked, Names, draw_sentence, read_prose

HIDDEN = 96


def labels_of(marked: Marked, tokens: Encoded) -> np.ndarray:
    """The kind of each token, [t]."""
    labels = np.zeros(len(tokens.spans), dtype=np.int64)
    for start, end, kind in marked.names:
        labels[(tokens.spans[:, 0] < end) & (tokens.spans[:, 1] > start)] = kind
    return labels


def encode(sentences: list[Marked]) -> tuple[torch.Tensor, torch.Tensor]:
    """Features [n, d] and labels [n] of all tokens."""
    encoder = TokenEncoder()
    order = sorted(sentences, key=lambda sentence: len(sentence.text))
    encoded = encoder.encode([sentence.text for sentence in order])
    features = np.concatenate([tokens.features for tokens in encoded])
    labels = np.concatenate([labels_of(s, t) for s, t in zip(order, encoded, strict=True)])
    return torch.from_numpy(features), torch.from_numpy(labels)


def train(sentences: int, seed: int, epochs: int, out: Path) -> None:
    """Generate, encode, fit and save."""
    started = time.monotonic()
    torch.manual_seed(seed)
    names = Names(seed)
    prose = names.draw.sample(found := read_prose(), min(len(found), sentences // 3))
    marked = [draw_sentence(names) for _ in range(sentences - len(prose))] + [
        Marked(text, []) for text in prose
    ]
    features, labels = encode(marked)
    print(
        f"{sentences} sentences, {len(labels)} tokens, encoded in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    head = nn.Sequential(
        nn.Linear(features.shape[1], HIDDEN), nn.ReLU(), nn.Dropout(0.3), nn.Linear(HIDDEN, len(KINDS))
    )
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(epochs):
        total = 0.0
        order = torch.randperm(len(labels))
        for batch in order.split(512):
            optimizer.zero_grad()
            loss = loss_of(head(features[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            total += float(loss) * len(batch)
        print(f"epoch {epoch + 1}: loss {total / len(labels):.4f}", flush=True)
    first, last = head[0], head[3]
    np.savez_compressed(
        out, w1=_half(first.weight.T), b1=_half(first.bias), w2=_half(last.weight.T), b2=_half(last.bias)
    )
    print(f"saved {out.name}, {out.stat().st_size} bytes, {time.monotonic() - started:.0f} s in all")


def _half(values: torch.Tensor) -> np.ndarray:
    return np.asarray(values.detach().numpy(), dtype=np.float16)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=14_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    train(options.sentences, options.seed, options.epochs, options.out)
