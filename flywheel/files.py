"""The files of a dataset version: rows of both parts as they come, and the hash of their bytes."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from ..platform.errors import InputError
from .balance import Tally
from .data_card import write_card
from .rows import Row
from .run_ids import RunIds
from .split import is_held_out

PARTS = ("train", "held_out")
# Beside the parts of a dataset that does not say it: runs that went well, as many as a training will look at.
KEPT = "kept"
MANIFEST = "manifest.json"
MOST_KEPT = 1000
_BLOCK = 1 << 20
_RUNS = '\n "runs": []'


class Written(NamedTuple):
    """How many rows each part got, SHA-256 over the bytes of all, and the balance of what is trained on.

    ``kept_rows`` is None where the dataset keeps none.
    """

    rows: int
    held_out_rows: int
    content_hash: str
    balance: dict[str, Any]
    kept_rows: int | None = None


def row_bytes(row: Row) -> bytes:
    """A row as a line of the exported file, ``group`` left out.

    Keys stay as they were captured: of a tool's definition and of a call's arguments their order is
    part of the prompt.
    """
    content = {key: value for key, value in row.items() if key != "group"}
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def write_rows(
    folder: Path, rows: Iterable[Row], seed: int, held_out: float, kept: Iterable[Row] | None = None
) -> Written:
    """``train.jsonl`` and ``held_out.jsonl`` in ``folder``, split by the rows' groups.

    Of ``kept``, ``MOST_KEPT`` rows of groups that are not held out are drawn into ``kept.jsonl``.
    """
    counts = dict.fromkeys(PARTS, 0)
    tally = Tally()
    with (folder / "train.jsonl").open("wb") as train, (folder / "held_out.jsonl").open("wb") as held:
        files = dict(zip(PARTS, (train, held), strict=True))
        for row in rows:
            part = PARTS[is_held_out(row["group"], seed, held_out)]
            files[part].write(row_bytes(row))
            counts[part] += 1
            if part == "train":
                tally.add(row)
    kept_rows = None
    if kept is not None:
        drawn = _drawn((row for row in kept if not is_held_out(row["group"], seed, held_out)), seed)
        (folder / f"{KEPT}.jsonl").write_bytes(b"".join(map(row_bytes, drawn)))
        kept_rows = len(drawn)
    return Written(counts["train"], counts["held_out"], content_hash(folder), tally.report(), kept_rows)


def _drawn(rows: Iterable[Row], seed: int) -> list[Row]:
    """``MOST_KEPT`` of the rows in their order, each as likely as any other (Vitter 1985, algorithm R)."""
    draw = Random(f"{seed}:kept")
    drawn: list[tuple[int, Row]] = []
    for number, row in enumerate(rows):
        if number < MOST_KEPT:
            drawn.append((number, row))
        elif (place := draw.randrange(number + 1)) < MOST_KEPT:
            drawn[place] = (number, row)
    return [row for _, row in sorted(drawn, key=lambda each: each[0])]


def parts_in(folder: Path) -> tuple[str, ...]:
    """The parts that a dataset in ``folder`` has: both that all have, and what it keeps, if anything."""
    return (*PARTS, KEPT) if (folder / f"{KEPT}.jsonl").is_file() else PARTS


def content_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of all parts."""
    digest = hashlib.sha256()
    for part in parts_in(folder):
        digest.update(part.encode() + b"\0")
        with (folder / f"{part}.jsonl").open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def partial_folder(place: Path) -> Iterator[Path]:
    """A fresh folder beside ``place`` to write into; what was not published by the end is removed."""
    folder = place.with_name(f"{place.name}.partial")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        if folder.exists():
            shutil.rmtree(folder)


def publish(folder: Path, place: Path, manifest: dict[str, Any], run_ids: RunIds) -> None:
    """Move the parts and their card to where the dataset lies, in place of those there; the manifest last.

    What was converted or drawn of the parts before is removed.
    """
    place.mkdir(parents=True, exist_ok=True)
    for made in (*place.glob("*.parquet"), *place.glob("*.svg")):
        made.unlink()
    write_card(folder, manifest, len(run_ids))
    _write_manifest(folder, manifest, run_ids)
    names = {file.name for file in folder.iterdir()} - {MANIFEST}
    for name in (*sorted(names), MANIFEST):
        (folder / name).replace(place / name)


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, where it is there."""
    if folder.exists():
        shutil.rmtree(folder)


def check_target(target: Path) -> None:
    """Raise InputError for a folder that a dataset cannot be copied into: one with files of something else."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        names = {file.name for file in target.iterdir()}
    except OSError as error:
        raise InputError(f"{target} cannot be written to: {error.strerror}.", "out") from error
    if names and MANIFEST not in names:
        raise InputError(f"{target} holds files that are no dataset's. Choose an empty folder.", "out")


def copy_dataset(folder: Path, target: Path) -> None:
    """Copy a dataset's files into ``target``, in place of those of the dataset that was copied there before."""
    check_target(target)
    for pattern in ("*.jsonl", "*.parquet", "*.svg", "README.md", MANIFEST):
        for old in target.glob(pattern):
            old.unlink()
    shutil.copytree(folder, target, dirs_exist_ok=True)


def _write_manifest(folder: Path, manifest: dict[str, Any], run_ids: RunIds) -> None:
    """The manifest with the ids of the runs, which are written one by one, keys in their order."""
    text = json.dumps({**manifest, "runs": []}, indent=1, sort_keys=True)
    before, after = text.split(_RUNS)  # of the top level alone: a text has no bare line break
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        file.write(before + '\n "runs": [')
        for number, run_id in enumerate(run_ids):
            file.write(f'{"," if number else ""}\n  "{run_id}"')
        file.write(("\n ]" if run_ids else "]") + after)
