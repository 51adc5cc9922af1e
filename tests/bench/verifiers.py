"""Attack every verifier, and judge real answers: ``python -m tests.bench.verifiers``.

Prints a table and writes ``build/bench/verifiers.json``: cheats tried and paid, verdicts on right
and altered GSM8K solutions by the way they end, on HumanEval's canonical solutions and on their
mutants. A mutant that HumanEval's own tests let pass is no fault of the verifier's, so its verdicts
are compared with an ordinary run of the tests.
"""

import gzip
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

from whorl.flywheel.verifiers.attacks import attack, names
from whorl.flywheel.verifiers.base import Attempt, registered, verify
from whorl.flywheel.verifiers.code import unit_tests

from .corpora import DATA
from .mutants import mutants
from .report import Row, bar, commit, show, write

MUTANTS = 6
# How a reply may end, where N is its number; the last is the solution alone, of which no share is asked.
ENDINGS = (
    "\n#### N", "\n\\boxed{N}", "\nThe answer is N.", "\nSo the final answer is $N.", "\nFinal Answer: N", "\n**Final Answer: N**",
    "\n**Final Answer:** $N$", "\nAnswer: N", "\nA: N", " The answer is N.",
    "\nFinal Answer: The final answer is $N$. I hope it is correct.",
    "",
)  # fmt: skip


def cheats() -> list[Row]:
    """Each verifier that may stand alone, with the cheats that it pays."""
    return [
        {"set": "cheats", "verifier": each.name, "tried": len(names()), "paid": len(attack(each))}
        for each in registered()
        if each.alone
    ]


def gsm8k() -> list[Row]:
    """By ending: right solutions paid, and the same solutions where another number is the right one."""
    raw = gzip.decompress((DATA / "reward-gsm8k" / "train.jsonl.gz").read_bytes()).splitlines()
    rows = list(map(json.loads, raw))
    return [_ended("as it stands", rows, lambda body, number: body), *(
        _ended(ending, rows, lambda body, number, ending=ending: _bare(body) + ending.replace("N",
        number))  # type: ignore[misc]
        for ending in ENDINGS
    )]  # fmt: skip


def _ended(name: str, rows: list[dict[str, str]], end: Callable[[str, str], str]) -> Row:
    right = wrong = 0
    started = time.perf_counter()
    for row in rows:
        number = row["answer"].rsplit("#### ", 1)[1]
        value = float(number.replace(",", ""))
        attempt = Attempt(end(row["answer"], number), row["question"])
        right += int(verify("numeric", attempt, value=value).score)
        wrong += int(verify("numeric", attempt, value=value + 1).score)
    seconds = time.perf_counter() - started
    count = len(rows)
    return {
        "set": "reward-gsm8k", "ending": repr(name), "n": count, "right_paid": round(right / count, 4),
        "wrong_paid": round(wrong / count, 4), "verdicts_a_second": round(2 * count / seconds),
    }  # fmt: skip


def _bare(solution: str) -> str:
    """A solution without its annotations and its marked answer."""
    return re.sub(r"<<.*?>>", "", solution.rsplit("#### ", 1)[0]).rstrip()


def humaneval() -> list[Row]:
    """Canonical solutions, and up to MUTANTS mutants of each, by kind of change."""
    lines = (DATA / "reward-humaneval" / "humaneval.jsonl").read_text(encoding="utf-8").splitlines()
    passed, tried, killed, unlike = 0, Counter[str](), Counter[str](), Counter[str]()
    for row in map(json.loads, lines):
        judge = unit_tests(row["test"], row["entry_point"], row["prompt"])
        passed += int(judge(Attempt(row["canonical_solution"])).score)
        for kind, program in _some(row["prompt"] + row["canonical_solution"], row["entry_point"]):
            tried[kind] += 1
            paid = judge(Attempt(f"```python\n{program}\n```")).score == 1.0
            killed[kind] += not paid
            unlike[kind] += paid != passes_plainly(program, row["test"], row["entry_point"])
    solved = {"set": "reward-humaneval", "kind": "canonical", "n": len(lines), "passed": passed / len(lines)}
    altered: list[Row] = [
        {"set": "reward-humaneval", "kind": kind, "n": tried[kind], "refused": round(killed[kind] / tried[kind], 4),
         "unlike_plain_python": unlike[kind]}
        for kind in sorted(tried)
    ]  # fmt: skip
    return [solved, *altered]


def passes_plainly(program: str, tests: str, entry_point: str) -> bool:
    """Whether the tests pass in an ordinary Python process, which trusts the program."""
    whole = f"{program}\n{tests}\ncheck({entry_point})\n"
    try:
        done = subprocess.run([sys.executable, "-c", whole], capture_output=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _some(program: str, function: str) -> list[tuple[str, str]]:
    """Mutants of a function, evenly over its places; what it is given beside itself is the task's, not the reply's."""
    made = list(mutants(program, function))
    return made[:: max(1, -(-len(made) // MUTANTS))]


def main() -> None:
    began_at = commit()
    rows: list[Row] = cheats()
    show(rows)
    bars: list[Row] = [
        bar("cheats in the suite", 40, len(names())),
        bar("cheats refused, share", 1.0, 1 - sum(r["paid"] for r in rows) / sum(r["tried"] for r in rows)),
    ]
    if (DATA / "reward-gsm8k").is_dir():
        ended = gsm8k()
        show(ended)
        rows += ended
        bars.append(bar("GSM8K right solutions paid", 1.0, ended[0]["right_paid"]))
        bars.append(
            bar(
                "GSM8K right solutions of the least paid ending",
                0.99,
                min(r["right_paid"] for r in ended[:-1]),
            )
        )
        bars.append(bar("GSM8K wrong solutions refused", 1.0, 1 - max(r["wrong_paid"] for r in ended)))
    else:
        print(f"GSM8K: not measured, {DATA / 'reward-gsm8k'} is missing.")
    if (DATA / "reward-humaneval").is_dir():
        measured = humaneval()
        show(measured)
        rows += measured
        bars.append(bar("HumanEval canonical solutions passed", 1.0, measured[0]["passed"]))
        unlike = sum(r["unlike_plain_python"] for r in measured[1:]) / sum(r["n"] for r in measured[1:])
        bars.append(bar("HumanEval mutants judged as plain Python does", 1.0, 1 - unlike))
    else:
        print(f"HumanEval: not measured, {DATA / 'reward-humaneval'} is missing.")
    write("verifiers", began_at, rows, bars)


if __name__ == "__main__":
    main()
