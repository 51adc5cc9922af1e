"""Simple function calls of BFCL: ``python -P -m whorl.flywheel.seed.bfcl MODEL DATA``.

AST match: the function's name, every required argument, each value among the admissible ones, no
argument that the schema does not know. Strings are compared without case, spaces and punctuation.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from .dialogue import Dialogue, user
from .encode import render
from .evaluate import Seed
from .tools import ToolSchema

FILES = ("BFCL_v4_simple_python", "BFCL_v4_live_simple")
TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}


def schema(function: dict[str, Any]) -> ToolSchema:
    """BFCL's schema in OpenAI's form, keys in the order that the product renders."""
    parameters = function["parameters"]
    ordered = {
        "type": "object",
        "properties": parameters["properties"],
        "required": parameters.get("required", []),
    }
    described = {
        "name": function["name"],
        "description": function["description"],
        "parameters": _types(ordered),
    }
    return {"type": "function", "function": described}


def _types(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            k: TYPES.get(v, v) if k == "type" and isinstance(v, str) else _types(v) for k, v in node.items()
        }
    return [_types(item) for item in node] if isinstance(node, list) else node


def parse_call(reply: str) -> tuple[str, dict[str, Any]] | None:
    """The name and arguments of the first call of a reply."""
    found = re.search(r"<tool_call>\s*(.*?)\s*</tool_call>", reply, re.S)
    try:
        call = json.loads(found.group(1)) if found else None
    except json.JSONDecodeError:
        return None
    if not isinstance(call, dict) or not isinstance(call.get("arguments"), dict):
        return None
    return str(call.get("name")), call["arguments"]


def matches(reply: str, truth: dict[str, dict[str, list[Any]]]) -> bool:
    parsed = parse_call(reply)
    (name, admissible), *_ = truth.items()
    if parsed is None or parsed[0] != name or not set(parsed[1]) <= set(admissible):
        return False
    for argument, allowed in admissible.items():
        if argument not in parsed[1]:
            if "" not in allowed:
                return False
        elif not any(_same(parsed[1][argument], value) for value in allowed):
            return False
    return True


def _same(given: Any, allowed: Any) -> bool:
    if isinstance(given, str) and isinstance(allowed, str):
        return _plain(given) == _plain(allowed)
    if isinstance(given, bool) or isinstance(allowed, bool):
        return given is allowed
    return bool(given == allowed)


def _plain(text: str) -> str:
    return re.sub(r"[ ,./\-_*^]", "", text).lower().replace("'", '"')


def score(seed: Seed, folder: Path, name: str) -> dict[str, float]:
    rows = [json.loads(line) for line in (folder / f"{name}.jsonl").open(encoding="utf-8")]
    answers = [
        json.loads(line) for line in (folder / "possible_answer" / f"{name}.jsonl").open(encoding="utf-8")
    ]
    truth = {row["id"]: row["ground_truth"][0] for row in answers}
    prompts = []
    for row in rows:
        messages = [user(" ".join(m["content"] for m in row["question"][0] if m["role"] == "user"))]
        text, _ = render(Dialogue("tool", messages, [schema(f) for f in row["function"]]))
        prompts.append(text + "<|im_start|>assistant\n")
    replies = seed.continue_all(prompts, batch=8, limit=160)
    right = [matches(reply, truth[row["id"]]) for reply, row in zip(replies, rows, strict=True)]
    named = [
        (parse_call(reply) or ("",))[0] in truth[row["id"]] for reply, row in zip(replies, rows, strict=True)
    ]
    return {
        "count": len(rows),
        "match": round(sum(right) / len(rows), 4),
        "name": round(sum(named) / len(rows), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    given = parser.parse_args()
    seed = Seed.load(given.model)
    print(json.dumps({name: score(seed, given.data, name) for name in FILES}, indent=2))


if __name__ == "__main__":
    main()
