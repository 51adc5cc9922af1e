"""The manifest of a dataset as its folder has it, with the ids of its runs."""

import json
from pathlib import Path
from typing import Any

from whorl.flywheel.files import MANIFEST
from whorl.flywheel.tables import Dataset


def manifest_of(dataset: Dataset) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((Path(dataset.folder) / MANIFEST).read_text(encoding="utf-8"))
    return manifest
