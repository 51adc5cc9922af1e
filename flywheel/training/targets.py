"""Which modules of a base its adapters change: all linear ones, unless the base says otherwise.

``adapting.json`` in the base's folder has ``target_modules``, an expression over module names as PEFT reads
it. The seed model keeps its built-in heads out of it: an adapter that moves these forgets how to copy.
"""

import json
from pathlib import Path

from ...platform.errors import InputError

ALL = "all-linear"
FILE = "adapting.json"


def targets_of(model_folder: Path) -> str:
    """The expression for a base's modules, or ``ALL``; raises InputError for a file that says something else."""
    file = model_folder / FILE
    if not file.is_file():
        return ALL
    try:
        targets = json.loads(file.read_text(encoding="utf-8"))["target_modules"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise InputError(f"{file} does not say which target_modules adapters change ({error}).") from error
    if not isinstance(targets, str):
        raise InputError(f"target_modules in {file} is {targets!r}; it is one expression over module names.")
    return targets
