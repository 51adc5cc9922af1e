"""Per-row sampling, stopping and streaming for one ``generate`` over a batch of requests."""

from collections.abc import Callable
from typing import Any

import torch
from transformers.generation import LogitsProcessor, StoppingCriteria
from transformers.generation.streamers import BaseStreamer

from ..messages import Sampling

Top = tuple[tuple[int, float], ...]


class RowSampler(LogitsProcessor):  # type: ignore[misc]
    """Each row draws with its own temperature, nucleus and seed.

    Sampling is by the Gumbel-max trick (Gumbel 1954): the arg-max of logits / temperature plus
    Gumbel noise is a draw from the softmax, so that ``generate`` itself stays greedy for all rows
    and each row keeps its own random generator. ``logprobs`` holds the raw log-probabilities of
    the present step, shape (rows, vocabulary).
    """

    def __init__(self, rows: list[Sampling]) -> None:
        self.rows = rows
        self.logprobs = torch.empty(0)
        self._random = [torch.Generator().manual_seed(_seed(row.seed)) for row in rows]

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        self.logprobs = torch.log_softmax(scores.float(), dim=-1)
        if all(row.temperature == 0 for row in self.rows):
            return scores
        drawn = scores.float().clone()
        for index, row in enumerate(self.rows):
            if row.temperature > 0:
                drawn[index] = self._draw(index, row, drawn[index] / row.temperature)
        return drawn

    def top(self, row: int) -> Top:
        """Ids and log-probabilities of the most probable tokens, as many as the row asked for."""
        count = self.rows[row].top_logprobs
        if not count:
            return ()
        values, ids = torch.topk(self.logprobs[row], min(count, self.logprobs.shape[-1]))
        return tuple(zip(ids.tolist(), values.tolist(), strict=True))

    def _draw(self, index: int, row: Sampling, logits: Any) -> Any:
        if row.top_p < 1:
            ordered, order = torch.sort(logits, descending=True)
            probabilities = torch.softmax(ordered, dim=-1)
            outside = probabilities.cumsum(-1) - probabilities > row.top_p
            logits = logits.index_fill(0, order[outside], -torch.inf)
        uniform = torch.rand(logits.shape, generator=self._random[index]).clamp(1e-20, 1 - 1e-7)
        return logits - torch.log(-torch.log(uniform)).to(logits.device)


def _seed(seed: int | None) -> int:
    return int(torch.seed() if seed is None else seed) % (2**63)


class RowStop(StoppingCriteria):  # type: ignore[misc]
    """A row ends at its token limit, or when its client has gone."""

    def __init__(self, limits: list[int], cancelled: list[Callable[[], bool]], prompt: int) -> None:
        self.limits, self.cancelled, self.prompt = limits, cancelled, prompt

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        written = input_ids.shape[1] - self.prompt
        ended = [written >= limit or gone() for limit, gone in zip(self.limits, self.cancelled, strict=True)]
        return torch.tensor(ended, device=input_ids.device)


class RowStreamer(BaseStreamer):  # type: ignore[misc]
    """Hands every new token of every row to ``receive(row, token id, log-probability, top)``."""

    def __init__(self, sampler: RowSampler, receive: Callable[[int, int, float, Top], None]) -> None:
        self.sampler, self.receive = sampler, receive
        self._prompt_seen = False

    def put(self, value: Any) -> None:
        if not self._prompt_seen:
            self._prompt_seen = True
            return
        for row, token in enumerate(value.reshape(-1).tolist()):
            self.receive(row, token, float(self.sampler.logprobs[row, token]), self.sampler.top(row))

    def end(self) -> None:
        """Nothing is held back."""
