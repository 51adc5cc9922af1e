"""What tools returned in captured runs, so that training can repeat it without calling anything."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from ..platform.telemetry.redaction.placeholders import PLACEHOLDER
from .rows import Row, build_row, corrected, plain
from .spool import Spool
from .trajectory import Trajectory


def canonical(arguments: str | dict[str, Any]) -> str:
    """Arguments as JSON with the keys in one order; text that is no JSON stays as it is.

    >>> canonical('{"b": 1, "a": 2}'), canonical("oops")
    ('{"a": 2, "b": 1}', 'oops')
    """
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments or "{}")
        except ValueError:
            return str(arguments)
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)


def recordings_of(messages: list[dict[str, Any]]) -> Iterator[Row]:
    """``name``, ``arguments`` (JSON text, keys in order) and ``result`` of each call that was answered."""
    calls: list[dict[str, Any]] = []
    for message in messages:
        if message["role"] == "tool" and calls:
            called = calls.pop(0)["function"]
            arguments = canonical(called["arguments"])
            yield {"name": called["name"], "arguments": arguments, "result": message.get("content") or ""}
        elif message["role"] != "tool":
            calls = list(message.get("tool_calls", ()))


def episodes(
    runs: Spool[Trajectory], *, corrections: bool = True, earned: bool = True, sound: bool = True
) -> Iterator[Row]:
    """One row a question with a verifier: its ``prompt``, ``verifier``, ``arguments``, and what runs on it say.

    ``recorded`` has what tools returned in all runs on that question, each call once; ``replay`` is the
    first of these runs. ``corrected`` are what people said of them, each as the messages after the prompt, the
    corrected turn the last. Without corrections a question has no row whose verifier asks for what redaction hid from
    the model: nobody could earn its reward. ``earned`` is the mean reward of the runs that were judged, if any.
    """
    for asked in runs.groups(_verified_question):
        run = asked[0]
        check = run.verifier or {}
        recorded, said, arguments = _once(asked), _corrections(asked, sound), check.get("arguments", {})
        shown = set(PLACEHOLDER.findall(json.dumps([run.prompt, run.tools, recorded])))
        if corrections and not said and not is_earnable(arguments, shown):
            continue
        yield {
            **build_row(
                run, prompt=plain(run.prompt), verifier=check["verifier"], arguments=arguments,
                recorded=recorded, replay=str(run.run_id), **({"corrected": said} if corrections else {}),
                **(_earned(asked) if earned else {}),
            ),
            "source": [str(each.run_id) for each in asked],
        }  # fmt: skip


def is_earnable(reference: Any, shown: Collection[str]) -> bool:
    """Whether what a verifier asks for holds no placeholder but those ``shown``; of several values one is enough.

    >>> is_earnable({"city": ["<LOCATION_1>", ""], "day": "<DATE_TIME_2>"}, ["<DATE_TIME_2>"])
    True
    >>> is_earnable({"answers": ["<PERSON_3>", "Mr <PERSON_3>"]}, ["<PERSON_1>"])
    False
    """
    if isinstance(reference, str):
        return all(placeholder in shown for placeholder in PLACEHOLDER.findall(reference))
    if isinstance(reference, dict):
        return all(is_earnable(value, shown) for value in reference.values())
    if isinstance(reference, list):
        return not reference or any(is_earnable(value, shown) for value in reference)
    return True


def _once(runs: list[Trajectory]) -> list[Row]:
    """The recordings of runs; of one call that returned different things, what it returned first."""
    known: dict[tuple[str, str], Row] = {}
    for run in runs:
        for recording in recordings_of(run.messages[len(run.prompt) :]):
            known.setdefault((recording["name"], recording["arguments"]), recording)
    return list(known.values())


def _corrections(runs: list[Trajectory], sound: bool) -> list[list[Row]]:
    """What was corrected of runs on one question, each once."""
    after = (chat[len(run.prompt) :] for run in runs for chat in corrected(run, sound=sound))
    return list({json.dumps(messages): messages for messages in after}.values())


def _earned(runs: list[Trajectory]) -> Row:
    rewards = [run.reward for run in runs if run.reward is not None]
    return {"earned": round(sum(rewards) / len(rewards), 4)} if rewards else {}


def _verified_question(run: Trajectory) -> str | None:
    """What was asked of whom with which tools and verifier, or None where no verifier is named."""
    if run.verifier is None:
        return None
    return json.dumps([plain(run.prompt), run.tools, run.verifier], sort_keys=True)
