"""The batches of a training run, drawn by as many processes as there are cores to spare.

A shard is a number of dialogues, a function of (seed, stage, its number) alone: who draws it does not matter.
"""

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from .encode import Batch, batches, encode
from .mix import Mix, dialogue
from .prose import read_paragraphs
from .reading import Library


@dataclass(frozen=True)
class Stage:
    """``tokens`` of dialogues from ``mix``, each at most ``longest`` tokens, ``batch`` tokens to a step."""

    name: str
    tokens: int
    mix: Mix
    longest: int
    batch: int


@dataclass
class Progress:
    """Where a run is: counts so far, and the next batch. Steps whose gradient was not finite are skipped."""

    step: int = 0
    tokens: int = 0
    stage: int = 0
    stage_tokens: int = 0
    shard: int = 0
    batch: int = 0
    seconds: float = 0.0
    skipped: int = 0


@dataclass(frozen=True)
class Plan:
    """What a run draws: ``size`` dialogues to a shard, prose of the packages under the root ``prose`` if given."""

    seed: int
    stages: tuple[Stage, ...]
    size: int
    prose: Path | None
    tokenizer: Path


@dataclass(frozen=True)
class Source:
    """A plan with what shards are drawn from."""

    plan: Plan
    library: Library | None
    tokenizer: Tokenizer
    pad: int

    @classmethod
    def load(cls, plan: Plan) -> "Source":
        library = Library(read_paragraphs(plan.prose), held_out=False) if plan.prose else None
        loaded = PreTrainedTokenizerFast.from_pretrained(plan.tokenizer)
        return cls(plan, library, loaded.backend_tokenizer, int(loaded.pad_token_id))

    def shard(self, stage: int, number: int) -> list[Batch]:
        given = self.plan.stages[stage]
        rng = Random(f"{self.plan.seed}:{given.name}:{number}")
        drawn = [dialogue(given.mix, rng, self.library, held_out=False) for _ in range(self.plan.size)]
        rows = encode(drawn, self.tokenizer)
        return list(batches(rows, rng, given.batch, self.pad, given.longest))


_source: Source | None = None


def _adopt(plan: Plan) -> None:
    global _source  # the source of a worker process, loaded once
    _source = Source.load(plan)


def _draw(stage: int, number: int) -> list[Batch]:
    if _source is None:
        raise RuntimeError("A worker draws before it has loaded its source.")
    return _source.shard(stage, number)


class Shards:
    """Shards in order, drawn here from ``source``, or ahead of their use by the processes of ``pool``."""

    def __init__(self, source: Source | None, pool: ProcessPoolExecutor | None, ahead: int) -> None:
        self.source, self.pool, self.ahead = source, pool, ahead

    def of(self, stage: int, first: int) -> Iterator[list[Batch]]:
        """The shards of a stage from ``first`` on, without end."""
        if self.source is not None:
            while True:
                yield self.source.shard(stage, first)
                first += 1
        if self.pool is None:
            raise ValueError("Neither a source nor a pool to draw from.")
        waiting: deque[Future[list[Batch]]] = deque()
        try:
            while True:
                while len(waiting) < self.ahead:
                    waiting.append(self.pool.submit(_draw, stage, first))
                    first += 1
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def shards(plan: Plan, workers: int) -> Iterator[Shards]:
    """Shards of a run. Processes are spawned, not forked: a fork after CUDA or threads started is not safe."""
    if not workers:
        yield Shards(Source.load(plan), None, 0)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_adopt, initargs=(plan,)) as pool:
        yield Shards(None, pool, 2 * workers)


def stream(stages: tuple[Stage, ...], shards: Shards, progress: Progress) -> Iterator[Batch]:
    """The batches from ``progress`` on; advances it past each batch as it is taken."""
    while progress.stage < len(stages):
        stage = stages[progress.stage]
        for ready in shards.of(progress.stage, progress.shard):
            for batch in ready[progress.batch :]:
                progress.batch += 1
                progress.step += 1
                progress.tokens += batch.ids.size
                progress.stage_tokens += batch.ids.size
                yield batch
                if progress.stage_tokens >= stage.tokens:
                    break
            progress.shard, progress.batch = progress.shard + 1, 0
            if progress.stage_tokens >= stage.tokens:
                break
        progress.stage, progress.stage_tokens, progress.shard = progress.stage + 1, 0, 0
