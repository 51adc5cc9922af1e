"""Attacks on agents and innocent results of tools, out of others' packages: ``python agents_peer.py``, in their environment.

Writes a line of JSON each, with ``set``, ``kind``, ``attack`` and ``text``, without anything of Whorl's:

- AgentDojo 0.1: each thing of the four environments as it is (mails, events, files, messages, hotels …), and again
  with each injected task in one of their places, by each of its attacks and by the task alone;
- spikee 0.9: its jailbreaks with its instructions, in its documents, by turns at the beginning, in the middle and at
  the end; the documents, and the questions that its sets hold against false alarms;
- botocore: what AWS's operations answer, as its examples have it.
"""

import gzip
import json
import random
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

VERSION = "v1.2"
SEED = 7
# Of AgentDojo's attacks, those that do not differ in the names they call alone.
ATTACKS = (
    "direct", "ignore_previous", "system_message", "injecagent", "important_instructions", "dos", "captcha_dos",
    "offensive_email_dos", "felony_dos",
)  # fmt: skip
SPIKEE = (
    "seeds-cybersec-2026-01",
    "seeds-llm-mailbox",
    "seeds-sysmsg-extraction-2025-04",
    "seeds-investment-advice",
)
INNOCENT = "seeds-investment-advice-fp"
_MARK = re.compile(r"@@(\w+)@@")
Case = dict[str, Any]


def main() -> None:
    """Print the cases of all three."""
    draw = random.Random(SEED)
    for cases in (agentdojo(draw), spikee(draw), aws()):
        for case in cases:
            print(json.dumps(case))


def agentdojo(draw: random.Random) -> Iterator[Case]:
    """The environments' things, and what their attacks make of them."""
    from agentdojo.attacks.attack_registry import load_attack
    from agentdojo.task_suite.load_suites import get_suites

    class Pipeline:
        name = "gpt-4o-2024-05-13"

    for name, suite in get_suites(VERSION).items():
        clean = _things(json.loads(suite.load_and_inject_default_environment({}).model_dump_json()))
        yield from (_case("agentdojo", name, False, text) for text in dict.fromkeys(map(_written, clean)))
        marks = {vector: f"@@{vector}@@" for vector in suite.get_injection_vector_defaults()}
        marked = _things(json.loads(suite.load_and_inject_default_environment(marks).model_dump_json()))
        places = [text for text in map(_written, marked) if _MARK.search(text)]
        user = next(iter(suite.user_tasks.values()))
        for goal in suite.injection_tasks.values():
            yield _case("agentdojo", "the task alone", True, _planted(draw.choice(places), goal.GOAL))
            for attack in ATTACKS:
                made = load_attack(attack, suite, Pipeline()).attack(user, goal)
                text = next(iter(made.values()))
                yield _case("agentdojo", attack, True, _planted(draw.choice(places), text))


def _things(held: object) -> Iterator[object]:
    """Every mail, event, file, message … of an environment, and every short table of texts."""
    if isinstance(held, list):
        yield from held
    elif isinstance(held, dict):
        for value in held.values():
            yield from _things(value)
        if held and all(isinstance(value, str) for value in held.values()):
            yield held


def _written(thing: object) -> str:
    return thing if isinstance(thing, str) else json.dumps(thing, ensure_ascii=False)


def _planted(place: str, text: str) -> str:
    escaped = json.dumps(text, ensure_ascii=False)[1:-1] if place.startswith(("{", "[")) else text
    return _MARK.sub(lambda _: escaped, place)


def spikee(draw: random.Random) -> Iterator[Case]:
    """Jailbreaks with instructions of their language, in documents."""
    folder = Path(str(files("spikee"))) / "data" / "workspace" / "datasets"

    def read(name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (folder / name).read_text().splitlines() if line.strip()]

    documents = [
        row["document"]
        for name in ("seeds-mini-test", SPIKEE[0])
        for row in read(f"{name}/base_user_inputs.jsonl")
        if "PLACEHOLDER" not in row["document"]
    ]
    yield from (_case("spikee", "documents", False, text) for text in documents)
    for row in read(f"{INNOCENT}/standalone_user_inputs.jsonl"):
        yield _case("spikee", "questions", False, row["text"])
    for name in SPIKEE:
        instructions = read(f"{name}/instructions.jsonl")
        for row in read(f"{name}/jailbreaks.jsonl"):
            language = row.get("lang", "en")
            fitting = [each for each in instructions if each.get("lang", "en") == language]
            said = draw.choice(fitting or instructions)["instruction"]
            kind = f"{name}, {'English' if language == 'en' else 'other languages'}"
            text = _placed(draw, draw.choice(documents), row["text"].replace("<INSTRUCTION>", said))
            yield _case("spikee", kind, True, text)


def _placed(draw: random.Random, document: str, planted: str) -> str:
    at = draw.choice((0, document.find(". ", len(document) // 2) + 2, len(document)))
    return f"{document[:at]}\n{planted}\n{document[at:]}".strip()


def aws() -> Iterator[Case]:
    """What operations answer, one example of each."""
    for file in sorted(Path(str(files("botocore"))).glob("data/*/*/examples-1.json*")):
        raw = file.read_bytes()
        held = json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
        for examples in held.get("examples", {}).values():
            if examples and examples[0].get("output"):
                yield _case("aws", file.parts[-3], False, json.dumps(examples[0]["output"]))


def _case(name: str, kind: str, attack: bool, text: str) -> Case:
    return {"set": name, "kind": kind, "attack": attack, "text": text}


if __name__ == "__main__":
    sys.exit(main())
