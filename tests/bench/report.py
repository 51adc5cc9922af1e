"""What every benchmark prints and writes: its rows, its bars, the machine, the commit."""

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


def commit() -> str:
    """The commit that is measured; ask before the work begins, others may commit meanwhile."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def show(rows: list[Row]) -> None:
    for row in rows:
        print(*(f"{name}={value}" for name, value in row.items()), flush=True)


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of the values lie, 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bar(name: str, asked: float, measured: float) -> Row:
    """A bar that is met from ``asked`` upwards."""
    return {"bar": name, "asked": asked, "measured": measured, "met": measured >= asked}


def write(name: str, measured_at: str, rows: list[Row], bars: list[Row]) -> None:
    """Print the bars and write ``build/bench/NAME.json``."""
    for each in bars:
        print("met   " if each["met"] else "NOT MET", each["bar"], each["measured"], "asked", each["asked"])
    machine = {"cpus": os.cpu_count(), "python": platform.python_version()}
    report = {"machine": machine, "commit": measured_at, "rows": rows, "bars": bars}
    target = ROOT / "build" / "bench" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
