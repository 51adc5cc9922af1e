"""Rows for adapters of the seed model to rehearse: ``python -P -m whorl.flywheel.seed.rehearse docs > rehearsal.jsonl``.

They are drawn as training dialogues are, but of prose that the project owns: Markdown files of a folder.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from random import Random
from typing import Any, get_args

from .dialogue import Dialogue, Kind
from .mix import Mix, dialogue
from .prose import Paragraph, sentences_of
from .reading import Library

MIX = Mix(loose=0.4)


def paragraphs(folder: Path) -> list[Paragraph]:
    """Whole sentences of the Markdown files of ``folder``, under the heading that they stand under."""
    found: list[Paragraph] = []
    for file in sorted(folder.glob("*.md")):
        title = file.stem.title()
        for block in re.split(r"\n\s*\n", file.read_text(encoding="utf-8")):
            heading = re.match(r"#+ (.*)", block)
            if heading:
                title, block = heading.group(1), block[heading.end() :]
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"[*`]", "", block))
            if not text.lstrip().startswith(("|", "```")) and (said := sentences_of(text)):
                found.append(Paragraph(title, tuple(said)))
    return found


def rows(library: Library, count: int, seed: int) -> list[dict[str, Any]]:
    """``count`` dialogues of one question of each kind, as rows of an sft dataset."""
    rng, drawn = Random(f"{seed}:rehearse"), list[Dialogue]()
    for kind in get_args(Kind):
        of_kind: list[Dialogue] = []
        while len(of_kind) < count:
            made = dialogue(MIX, rng, library, held_out=False, kind=kind)
            if made.kind == kind:
                of_kind.append(made)
        drawn += of_kind
    rng.shuffle(drawn)
    return [{"messages": made.messages, "tools": made.tools} for made in drawn]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="Markdown files to take prose from")
    parser.add_argument("--count", type=int, default=50, help="rows of each kind")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = paragraphs(given.folder)
    known = [paragraph for paragraph in found if not paragraph.held_out]
    if not any(len(paragraph.sentences) > 1 for paragraph in known):
        raise SystemExit(f"{given.folder} has no Markdown files with paragraphs of several sentences.")
    for row in rows(Library(known, held_out=False), given.count, given.seed):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
