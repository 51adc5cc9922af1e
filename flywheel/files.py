"""The files of a dataset version: rows of both parts as they come, and the hash of their bytes."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .balance import Tally
from .data_card import write_card
from .rows import Row
from .split import is_held_out

PARTS = ("train", "held_out")
_BLOCK = 1 << 20


class Written(NamedTuple):
    """How many rows each part got, SHA-256 over the bytes of both, and the balance of what is trained on."""

    rows: int
    held_out_rows: int
    content_hash: str
    balance: dict[str, Any]


def row_bytes(row: Row) -> bytes:
    """A row as a line of the exported file, ``group`` left out.

    Keys stay as they were captured: of a tool's definition and of a call's arguments their order is
    part of the prompt.
    """
    content = {key: value for key, value in row.items() if key != "group"}
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def write_rows(folder: Path, rows: Iterable[Row], seed: int, held_out: float) -> Written:
    """``train.jsonl`` and ``held_out.jsonl`` in ``folder``, split by the rows' groups."""
    counts = dict.fromkeys(PARTS, 0)
    tally = Tally()
    with (folder / "train.jsonl").open("wb") as train, (folder / "held_out.jsonl").open("wb") as kept:
        files = dict(zip(PARTS, (train, kept), strict=True))
        for row in rows:
            part = PARTS[is_held_out(row["group"], seed, held_out)]
            files[part].write(row_bytes(row))
            counts[part] += 1
            if part == "train":
                tally.add(row)
    return Written(counts["train"], counts["held_out"], content_hash(folder), tally.report())


def content_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of both parts."""
    digest = hashlib.sha256()
    for part in PARTS:
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


def publish(folder: Path, place: Path, manifest: dict[str, Any]) -> None:
    """Move the parts and their card to where the dataset lies, in place of those there; the manifest last.

    What was converted or drawn of the parts before is removed.
    """
    place.mkdir(parents=True, exist_ok=True)
    for made in (*place.glob("*.parquet"), *place.glob("*.svg")):
        made.unlink()
    write_card(folder, manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    names = {file.name for file in folder.iterdir()} - {"manifest.json"}
    for name in (*sorted(names), "manifest.json"):
        (folder / name).replace(place / name)
