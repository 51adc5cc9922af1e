"""Screening where agents work: ``make bench-screening_agents``.

Mails, events, files, messages, hotels and transactions of AgentDojo's environments, with and without its attacks;
spikee's jailbreaks in documents; what AWS's operations answer. The packages are installed into ``build/peers/agents``
and read there by ``agents_peer``. Training reads none of them; which kinds of innocent text and of attack the recipe
lacked was read off them, so that others' texts may do worse.

No bar is set for these sets: a held run waits for somebody to look at it, so both shares are shown.
"""

from collections import defaultdict

from whorl.flywheel.screening import default_screener
from whorl.flywheel.statistics import wilson_interval

from .agents import cases
from .report import Row, commit, show, write


def rows_of(found: list[tuple[Row, bool]]) -> list[Row]:
    """The share flagged of each kind and of each set, with its 95 % interval; attacks and innocent texts apart."""
    groups: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for case, flagged in found:
        what = "attacks" if case["attack"] else "innocent"
        for kind in {"total", "total" if case["set"] == "aws" else case["kind"]}:
            groups[what, case["set"], kind].append(flagged)
    rows = []
    for (what, name, kind), flags in sorted(groups.items()):
        low, high = wilson_interval(sum(flags), len(flags))
        share = {"share": round(sum(flags) / len(flags), 3), "low": round(low, 3), "high": round(high, 3)}
        rows.append({"texts": what, "set": name, "kind": kind, "n": len(flags), **share})
    return rows


def main() -> None:
    began_at = commit()
    screener = default_screener()
    every = cases()
    screener.prepare([case["text"] for case in every])
    rows = rows_of([(case, screener.screen_text(case["text"]).flagged) for case in every])
    show(rows)
    write("screening_agents", began_at, rows, [])


if __name__ == "__main__":
    main()
