"""Train the name recognizer: ``python -m whorl.flywheel.recognizer.train``."""

import argparse
import random
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from ...platform.telemetry.redaction.names import KINDS
from ...platform.telemetry.redaction.tagger import CASES, FAR, GAP, NEAR, SECOND, WEIGHTS, WIDTH, case_of
from ...platform.telemetry.redaction.words import (
    BUCKETS,
    FEATURES,
    LISTS,
    Int64,
    Pieces,
    hash_of,
    look_at,
    piece_vectors,
    split_words,
)
from .lexicon import LOCALES, ORGANISATIONS, PLACES, towns
from .sentences import Marked, Sentences, sample_english, sample_prose, sample_tongues
from .tongues import Tongues, read_tongues
from .wordnet import WordNet, read

# Share of list words whose lists are hidden in training: else a name outside every list would
# look like no name at all.
HIDDEN = 0.5
BATCH = 96


class Batch(NamedTuple):
    """Sentences laid end to end: word rows, how each uses capitals, and kinds; [t] each."""

    rows: torch.Tensor
    cases: torch.Tensor
    labels: torch.Tensor


class Vocabulary(NamedTuple):
    """Everything that is known of each distinct word; row 0 is the empty word of the gaps."""

    vectors: torch.Tensor  # [n, 384], means of MiniLM's input vectors of the pieces
    buckets: torch.Tensor  # [n, FEATURES]
    lists: torch.Tensor  # [n]


def word_lists(english: WordNet, tongues: Tongues) -> dict[int, int]:
    """Bits by word hash: 1 first names, 2 family names, 4 places, 8 words of organisations, 16 ordinary ones.

    Ordinary words that are one of MiniLM's pieces are known by it.
    """
    from faker import Faker

    bits: Counter[int] = Counter()

    def put(texts: list[str], bit: int) -> None:
        for text in texts:
            for word in split_words(text).raw:
                if len(word.strip()) > 1:
                    bits[hash_of(word)] |= bit

    for locale in LOCALES:
        for provider in Faker(locale).get_providers():
            for name in dir(provider):
                values = getattr(provider, name) if "name" in name or name in ("cities", "city_names") else ()
                if not isinstance(values, tuple | list | dict) or not all(isinstance(v, str) for v in values):
                    continue
                if name.startswith("first_names"):
                    put(list(values), 1)
                if name.startswith("last_names"):
                    put(list(values), 2)
                if name.startswith(("cities", "city_names")):
                    put(list(values), 4)
    put([town for town, _ in towns()] + [*PLACES, *english.places], 4)
    put(list(ORGANISATIONS), 8)
    pieces = Pieces()
    put([word for word in english.words | tongues.words if pieces.of(word)[1]], 16)
    return dict(bits)


def labels_of(marked: Marked, spans: Int64) -> Int64:
    """The kind of each word, [t]."""
    labels = np.zeros(len(spans), dtype=np.int64)
    for start, end, kind in marked.names:
        labels[(spans[:, 0] < end) & (spans[:, 1] > start)] = kind
    return labels


def lay_out(sentences: list[Marked], rows: dict[str, int]) -> list[Batch]:
    """Batches of sentences; words that are new get a row."""
    batches = []
    for start in range(0, len(sentences), BATCH):
        ids, cases, labels = [0] * GAP, [1] * GAP, [-100] * GAP
        for marked in sentences[start : start + BATCH]:
            words = split_words(marked.text)
            capitals = np.array([look_at(word).capitals for word in words.raw]).sum(axis=0)
            ids += [rows.setdefault(word, len(rows)) for word in words.raw] + [0] * GAP
            cases += [int(case_of(*capitals))] * (len(words.raw) + GAP)
            labels += labels_of(marked, words.spans()).tolist() + [-100] * GAP
        batches.append(Batch(torch.tensor(ids), torch.tensor(cases), torch.tensor(labels)))
    return batches


def look_up(rows: dict[str, int], lists: dict[int, int], draw: random.Random) -> Vocabulary:
    """What is known of the words; of list words, a share ``HIDDEN`` is shown without its lists."""
    hashes = [hash_of(word) for word in rows]
    hidden = {value for value in set(hashes) if draw.random() < HIDDEN}
    pieces = Pieces()
    table = piece_vectors()
    table[0] = 0
    ids = np.array([pieces.of(word) for word in rows])
    counts = np.maximum((ids > 0).sum(axis=1, keepdims=True), 1)
    return Vocabulary(
        torch.from_numpy(
            sum(table[ids[:, index]] for index in range(ids.shape[1])) / counts.astype(np.float32)
        ),
        torch.tensor([look_at(word).features if word else (0,) * FEATURES for word in rows]),
        torch.tensor([0 if value in hidden else lists.get(value, 0) for value in hashes]),
    )


class TaggerModule(nn.Module):  # type: ignore[misc]
    """The network of ``platform/telemetry/redaction/tagger.py``, to be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.vectors = nn.Linear(384, WIDTH, bias=False)
        self.buckets = nn.EmbeddingBag(BUCKETS, WIDTH, mode="sum", padding_idx=0)
        self.lists = nn.Embedding(2**LISTS, WIDTH)
        self.near = nn.Conv1d(WIDTH, WIDTH, 2 * NEAR + 1, padding=NEAR, bias=False)
        self.cases = nn.Embedding(CASES, WIDTH)
        self.far = nn.Conv1d(WIDTH, SECOND, 2 * FAR + 1, padding=FAR)
        self.out = nn.Linear(WIDTH + SECOND, len(KINDS))
        self.dropout = nn.Dropout(0.25)
        for embedding in (self.buckets, self.lists, self.cases):
            nn.init.normal_(embedding.weight, std=0.1)
        with torch.no_grad():
            self.buckets.weight[0] = 0

    def forward(self, batch: Batch, vocabulary: Vocabulary) -> torch.Tensor:
        """Logits of each word, [t, kinds]."""
        rows, where = torch.unique(batch.rows, return_inverse=True)
        vectors, lists = vocabulary.vectors[rows], vocabulary.lists[rows]
        if self.training:
            vectors = vectors * (torch.rand(len(rows), 1) > 0.1)
            lists = lists * (torch.rand(len(rows)) > 0.1)
        projected = self.vectors(vectors) + self.buckets(vocabulary.buckets[rows]) + self.lists(lists)
        real = (batch.rows != 0).float()[:, None]
        words = self.dropout(projected[where]) * real
        first = torch.relu(self.near(words.T[None])[0].T + self.cases(batch.cases)) * real
        second = torch.relu(self.far(self.dropout(first).T[None])[0].T)
        logits: torch.Tensor = self.out(self.dropout(torch.cat([first, second], dim=1)))
        return logits


def fit(module: TaggerModule, batches: list[Batch], vocabulary: Vocabulary, epochs: int) -> None:
    """Minimise the cross-entropy of the words' kinds, the learning rate falling to nothing."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=epochs * len(batches))
    module.train()
    for epoch in range(epochs):
        started, total = time.monotonic(), 0.0
        for index in torch.randperm(len(batches)).tolist():
            optimizer.zero_grad()
            logits = module(batches[index], vocabulary)
            loss = functional.cross_entropy(logits, batches[index].labels, label_smoothing=0.03)
            loss.backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        print(
            f"epoch {epoch + 1}: loss {total / len(batches):.4f}, {time.monotonic() - started:.0f} s",
            flush=True,
        )


def measure(module: TaggerModule, batches: list[Batch], vocabulary: Vocabulary) -> float:
    """F2 over the words of sentences in frames never trained on, any kind counting for any."""
    module.eval()
    with torch.inference_mode():
        predicted = torch.cat([module(batch, vocabulary).argmax(1) for batch in batches])
    labels = torch.cat([batch.labels for batch in batches])
    predicted, labels = predicted[labels >= 0] > 0, labels[labels >= 0] > 0
    right = float((predicted & labels).sum())
    return 5 * right / (4 * float(labels.sum()) + float(predicted.sum()))


def save(module: TaggerModule, lists: dict[int, int], out: Path) -> None:
    """Store the weights as the tagger reads them."""
    hashes = np.array(sorted(lists), np.uint32)
    np.savez_compressed(
        out,
        vectors=_half(module.vectors.weight.T), buckets=_half(module.buckets.weight), lists=_half(module.lists.weight),
        near=_half(module.near.weight.permute(2, 1, 0)), cases=_half(module.cases.weight),
        far=_half(module.far.weight.permute(2, 1, 0)), far_bias=_half(module.far.bias),
        out=_half(module.out.weight.T), out_bias=_half(module.out.bias),
        list_hashes=hashes, list_bits=np.array([lists[int(value)] for value in hashes], np.uint8),
    )  # fmt: skip


def _half(values: torch.Tensor) -> npt.NDArray[np.float16]:
    return np.asarray(values.detach().numpy(), dtype=np.float16)


def train(count: int, seed: int, epochs: int, wordnet: Path, messages: Path, out: Path) -> None:
    """Generate, look up, fit, measure and save."""
    started = time.monotonic()
    torch.manual_seed(seed)
    english, tongues = read(wordnet), read_tongues(messages)
    sentences = Sentences(seed, english)
    marked = [sentences.sentence() for _ in range(count)]
    marked += sample_prose(sentences.draw, count // 8) + sample_english(sentences.draw, english, count // 3)
    marked += sample_tongues(sentences.draw, tongues, count // 3)
    sentences.draw.shuffle(marked)
    others, rows = Sentences(seed + 1, english, held_out=True), {"": 0}
    batches = lay_out(marked, rows)
    held_out = lay_out([others.sentence() for _ in range(2000)], rows)
    lists = word_lists(english, tongues)
    vocabulary = look_up(rows, lists, sentences.draw)
    print(
        f"{len(marked)} sentences, {len(rows)} words, {len(lists)} in lists, {time.monotonic() - started:.0f} s",
        flush=True,
    )
    module = TaggerModule()
    fit(module, batches, vocabulary, epochs)
    print(f"held-out F2 {measure(module, held_out, vocabulary):.4f}")
    save(module, lists, out)
    print(f"saved {out.name}, {out.stat().st_size} bytes, {time.monotonic() - started:.0f} s in all")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=80_000)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--wordnet",
        type=Path,
        required=True,
        help="folder with WordNet's data.noun, data.verb, data.adj, data.adv",
    )
    parser.add_argument(
        "--messages",
        type=Path,
        required=True,
        help="folder with the packages django and wagtail, for their locale/*/LC_MESSAGES/*.mo",
    )
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    train(options.sentences, options.seed, options.epochs, options.wordnet, options.messages, options.out)
