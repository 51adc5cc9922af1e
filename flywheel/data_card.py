"""The data card of a dataset version: a README that hubs read, with plots of its balance."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from .balance import remarks

_WIDTH, _BAR, _LEFT = 480, 22, 140
_LICENSE = "other"


def write_card(folder: Path, manifest: dict[str, Any], runs: int) -> None:
    """``README.md`` and one picture for each of its distributions, into ``folder``; of how many runs.

    The front matter is that of https://huggingface.co/docs/hub/datasets-cards.
    """
    balance = manifest["balance"]
    plots = {
        "learnt": ("Characters to learn in a row, at most", balance["learnt_characters"]),
        "rejected": ("Characters of the rejected side, at most", balance["rejected_characters"]),
        "turns": ("Turns of the user in a row", balance["user_turns"]),
        "labels": ("Rows by label or verifier", balance["labels"]),
        "calls": ("Calls by tool", balance["calls"]),
    }
    shown = {name: plot for name, plot in plots.items() if plot[1]}
    for name, (title, counts) in shown.items():
        (folder / f"{name}.svg").write_text(bars(title, counts), encoding="utf-8")
    (folder / "README.md").write_text(_text(manifest, runs, shown), encoding="utf-8")


def bars(title: str, counts: dict[str, int]) -> str:
    """A bar chart as SVG, one bar a name, with the numbers in words for those who do not see it."""
    most = max(counts.values())
    height = _BAR * (len(counts) + 1) + 14
    lines = []
    for at, (name, count) in enumerate(counts.items(), 1):
        y, width = at * _BAR + 8, round((_WIDTH - _LEFT - 70) * count / most)
        lines.append(
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{_LEFT}" y="{y + 2}" width="{width}" height="{_BAR - 6}" fill="#3b6ea5"/>'
            f'<text x="{_LEFT + width + 6}" y="{y + 14}">{count:,}</text>'
        )
    told = "; ".join(f"{name}: {count}" for name, count in counts.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title><desc>{escape(told)}</desc>'
        f'<rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="8" y="18" font-weight="bold">{escape(title)}</text>{"".join(lines)}</svg>\n'
    )


def _text(manifest: dict[str, Any], runs: int, plots: dict[str, tuple[str, dict[str, int]]]) -> str:
    selection = {key: value for key, value in sorted(manifest["selection"].items()) if value}
    left_out = _table(("runs left out because", "runs"), manifest["left_out"].items())
    noted = "".join(f"- {remark}\n" for remark in remarks(manifest["balance"]))
    kept, told = "", ""
    if manifest["kept_rows"] is not None:
        kept = "- config_name: kept\n  data_files: kept.jsonl\n"
        told = f"""
{manifest["kept_rows"]:,} more rows (`kept.jsonl`) are runs that went well as they were: the rows do not say so of each turn,
and a training holds the adapter to its base there."""
    pictures = "".join(f"![{title}]({name}.svg)\n\n" for name, (title, _) in plots.items())
    return f"""---
license: {_LICENSE}
task_categories: [text-generation]
tags: [trl, {manifest["format"]}]
configs:
- config_name: default
  data_files:
  - split: train
    path: train.jsonl
  - split: test
    path: held_out.jsonl
{kept}---
# {manifest["format"].upper()} rows of captured runs

{manifest["rows"]:,} rows to train on and {manifest["held_out_rows"]:,} held out, of {runs:,} selected runs,
in TRL's conversational format. Nothing but redacted spans was read.{told}

{
        _table(
            ("", ""),
            {
                "selection": selection or "all runs that succeeded",
                "outcomes as of": manifest["as_of"],
                "consent": manifest["consent"],
                "redaction": ", ".join(manifest["redaction"]),
                "screening": manifest["screening"],
                "split": f"{manifest['split']['rule']} ({manifest['split']['held_out']:.0%})",
                "most of one person": f"{manifest['most_of_one']:.0%}",
                "near duplicates": manifest["near_duplicates"] or "kept",
                "content hash": manifest["content_hash"],
            }.items(),
        )
    }
## Balance
{noted or "Nothing stands out."}

{pictures}## Left out
{left_out if manifest["left_out"] else "No selected run."}{_checked(manifest)}
## Limits
Placeholders such as `<PERSON_1>` stand where personal data stood. Redaction and screening miss some of what they look for;
their measured recall is in the documentation. Rows may not be passed on to people who may not see the runs.
"""


def _checked(manifest: dict[str, Any]) -> str:
    """The evaluations of which nothing is in the rows; manifests of before near matches name none."""
    if not manifest.get("checked"):
        return ""
    near = manifest["near_contamination"]
    lines = [
        "| evaluation | questions | runs left out, same words | nearly the same |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {each['name'].replace('|', '/')} | {each['questions']:,} | {each['exact']:,} | {each['near']:,} |"
        for each in manifest["checked"]
    ]
    return f"""
## Checked against
No run whose user asked what one of these asks, or nearly so (words from a similarity of {near["similarity"]:g}, meaning from
{near["meaning"]:g}). A run may be counted by several.

{chr(10).join(lines)}
"""


def _table(head: tuple[str, str], rows: Iterable[tuple[Any, Any]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "| --- | --- |"]
    lines += [f"| {name} | {str(value).replace('|', '/')} |" for name, value in rows]
    return "\n".join(lines) + "\n"
