"""Simple function calls of BFCL: ``python -P -m whorl.flywheel.seed.bfcl MODEL DATA``.

AST match: the function's name, every required argument, each value among the admissible ones, no
argument that the schema does not know. Strings are compared without case, spaces and punctuation.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from ..verifiers.outcome import misfit
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
    """Whether the reply's first call is the one of ``truth``: a function, and admissible values by argument."""
    parsed = parse_call(reply)
    (name, admissible), *_ = truth.items()
    return parsed is not None and parsed[0] == name and misfit(parsed[1], admissible) is None


class Problem(NamedTuple):
    """A question, the function that answers it, and the admissible values of its arguments."""

    question: str
    function: ToolSchema
    truth: dict[str, dict[str, list[Any]]]


def problems(folder: Path, name: str) -> list[Problem]:
    """The simple problems of a file of BFCL."""
    rows = [json.loads(line) for line in (folder / f"{name}.jsonl").open(encoding="utf-8")]
    answers = [
        json.loads(line) for line in (folder / "possible_answer" / f"{name}.jsonl").open(encoding="utf-8")
    ]
    truth = {row["id"]: row["ground_truth"][0] for row in answers}
    return [
        Problem(
            " ".join(m["content"] for m in row["question"][0] if m["role"] == "user"),
            schema(row["function"][0]), truth[row["id"]],
        )
        for row in rows
    ]  # fmt: skip


def score(seed: Seed, folder: Path, name: str) -> dict[str, float]:
    asked = problems(folder, name)
    prompts = []
    for problem in asked:
        text, _ = render(Dialogue("tool", [user(problem.question)], [problem.function]))
        prompts.append(text + "<|im_start|>assistant\n")
    replies = seed.continue_all(prompts, batch=8, limit=160)
    right = [matches(reply, problem.truth) for reply, problem in zip(replies, asked, strict=True)]
    named = [
        (parse_call(reply) or ("",))[0] in problem.truth
        for reply, problem in zip(replies, asked, strict=True)
    ]
    return {
        "count": len(asked),
        "match": round(sum(right) / len(asked), 4),
        "name": round(sum(named) / len(asked), 4),
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
