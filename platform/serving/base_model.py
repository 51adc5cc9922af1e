"""Which base model: its folder and its identity."""

import hashlib
from functools import lru_cache
from pathlib import Path

from ..errors import PrerequisiteError
from ..loading import LOADING
from ..settings import Settings

SEED_MODEL = Path(__file__).parents[2] / "flywheel" / "seed_model"


def model_folder(settings: Settings) -> Path:
    """The folder of the base model; raises PrerequisiteError when it is not there."""
    folder = (settings.model_dir or SEED_MODEL).expanduser().resolve()
    if not (folder / "config.json").is_file():
        raise PrerequisiteError(
            f"There is no model in {folder}. Set WHORL_MODEL_DIR to a Hugging Face folder, or run "
            "make pretrain to make the seed model."
        )
    return folder


@lru_cache(maxsize=8)
def base_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of a model's weight and configuration files."""
    summary = hashlib.sha256()
    files = sorted([folder / "config.json", *folder.glob("*.safetensors")])
    for file in files:
        summary.update(file.name.encode() + b"\0")
        with file.open("rb") as stream:
            summary.update(hashlib.file_digest(stream, "sha256").digest())
    return summary.hexdigest()


@lru_cache(maxsize=8)
def template_hash(folder: Path) -> str:
    """SHA-256 of the chat template that the folder's tokenizer carries."""
    file = folder / "chat_template.jinja"
    template = file.read_text(encoding="utf-8") if file.is_file() else _own_template(folder)
    return hashlib.sha256(template.encode()).hexdigest()


def _own_template(folder: Path) -> str:
    """The template of a tokenizer without a file for it."""
    with LOADING:
        from transformers import AutoTokenizer

        return str(AutoTokenizer.from_pretrained(folder).chat_template or "")
