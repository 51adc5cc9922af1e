"""What a base asks of its adapters: the modules that they change, and how far what was learnt is followed.

``adapting.json`` in the base's folder has ``target_modules``, an expression over module names as PEFT reads it,
and ``blend``. The seed model keeps its built-in heads out: an adapter that moves these forgets how to copy.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...platform.errors import InputError

ALL = "all-linear"
FILE = "adapting.json"


class Adapting(BaseModel):
    """``target_modules`` are all linear ones and ``blend`` is 1 where the base does not say otherwise.

    ``blend`` is where the weights that are kept lie between the base, 0, and the trained ones, 1 (Wortsman et
    al. 2022, arXiv 2109.01903): for what a training has overshot, the way back gains what was forgotten.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    target_modules: str = Field(ALL, min_length=1)
    blend: float = Field(1.0, gt=0, le=1)


def adapting_of(model_folder: Path) -> Adapting:
    """What the base in ``model_folder`` says; raises InputError for a file that says something else."""
    file = model_folder / FILE
    if not file.is_file():
        return Adapting()
    try:
        return Adapting.model_validate_json(file.read_bytes())
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'it'}: {each['msg']}" for each in error.errors()
        )
        raise InputError(
            f"{file} does not say what its adapters change (target_modules, blend): {told}."
        ) from error


def blend_back(model: Any, share: float) -> None:
    """Scale what the LoRA matrices of ``model`` add to the base by ``share``."""
    import torch

    with torch.no_grad():
        for name, weights in model.named_parameters():
            if ".lora_B." in name:
                weights.mul_(share)
