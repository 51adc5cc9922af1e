"""Texts of others' packages about agents: what ``agents_peer`` reads, in an environment of its own."""

import json
import subprocess
from pathlib import Path

from .processes import environment
from .report import Row

PACKAGES = ("agentdojo==0.1.35", "spikee==0.9.2", "botocore==1.44.8")


def cases() -> list[Row]:
    """Rows of ``set``, ``kind``, ``attack`` and ``text``; the packages are installed the first time."""
    python = environment("agents", *PACKAGES) / "python"
    done = subprocess.run(
        [python, Path(__file__).with_name("agents_peer.py")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"agents_peer failed:\n{done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
