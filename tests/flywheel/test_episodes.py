"""Episodes: what is replayed, what is learnt from, what is paid."""

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.tiny_model import make_model
from whorl.agents.tools.base import ToolContext
from whorl.flywheel.training.episodes import NOBODY, Episodes, guided, paid
from whorl.flywheel.training.recipe import Recipe, default_recipe
from whorl.flywheel.training.render import render_text
from whorl.flywheel.training.replay import Recordings
from whorl.platform.serving.engine.local import LocalBackend


def offered(name: str, *arguments: str) -> dict[str, Any]:
    properties = {each: {"type": "string"} for each in arguments}
    parameters = {"type": "object", "properties": properties, "required": list(arguments)}
    return {"type": "function", "function": {"name": name, "description": "", "parameters": parameters}}


TOOLS = [offered("search", "query"), offered("calculator", "expression"), offered("stock", "item")]


def recorded(name: str, arguments: dict[str, Any], result: str) -> dict[str, str]:
    return {"name": name, "arguments": json.dumps(arguments, sort_keys=True), "result": result}


def a_row(question: str, *recordings: dict[str, str], answers: tuple[str, ...] = ("12",)) -> dict[str, Any]:
    return {
        "prompt": [{"role": "system", "content": "Answer."}, {"role": "user", "content": question}],
        "tools": TOOLS, "verifier": "answer_in_reply", "arguments": {"answers": list(answers)},
        "recorded": list(recordings),
    }  # fmt: skip


LAMPS = a_row(
    "How many lamps?",
    recorded("stock", {"item": "lamp"}, "12"),
    recorded(
        "search", {"query": "lamps"}, "[1] Lamps are sold in pairs. (source: Shop)\n[2] Vases are blue."
    ),
)
TIDES = a_row(
    "When?", recorded("search", {"query": "tide"}, "[1] The tide turns at noon."), answers=("noon",)
)


def call(row: dict[str, Any], name: str, context: ToolContext, **arguments: str) -> Any:
    function: Any = {"name": name, "arguments": json.dumps(arguments)}
    toolbox = Recordings([LAMPS, TIDES]).toolbox(row)
    return asyncio.run(toolbox.call({"id": "c", "type": "function", "function": function}, context))


def test_a_call_returns_what_it_returned() -> None:
    context = ToolContext(NOBODY)
    assert call(LAMPS, "stock", context, item="lamp").text == "12"
    assert call(TIDES, "stock", context, item="lamp").text == "12", "recorded on another question"
    unknown = call(LAMPS, "stock", context, item="vase")
    assert unknown.is_error and "no recording" in unknown.text
    assert call(LAMPS, "stock", context, thing="lamp").is_error, "arguments are checked as in serving"
    assert call(LAMPS, "calculator", context, expression="3 * 4").text == "12"


def test_a_search_for_other_words_reads_the_snapshot() -> None:
    context = ToolContext(NOBODY)
    first = call(LAMPS, "search", context, query="lamps")
    assert first.text == "[1] Lamps are sold in pairs. (source: Shop)\n[2] Vases are blue."
    again = call(LAMPS, "search", context, query="When does the tide turn?")
    assert again.text == "[3] The tide turns at noon.", "numbered on, from the passages of every run"
    assert call(LAMPS, "search", ToolContext(NOBODY), query="zebra").text == "No passage was found."


class Speaker:
    """In place of a trainer: says the given replies, a turn at a time, to every episode that is going."""

    def __init__(self, backend: LocalBackend, replies: list[str]) -> None:
        self._tokenizer = backend.tokenizer
        self._replies = iter(replies)
        self.state = SimpleNamespace(global_step=0)
        self.heard: list[str] = []

    def _generate_single_turn(
        self, prompts: list[list[int]], images: None, fields: dict[str, Any], count: int
    ) -> tuple[list[list[int]], None]:
        self.heard += [self._tokenizer.decode(ids) for ids in prompts]
        said = [self._tokenizer(next(self._replies), add_special_tokens=False)["input_ids"] for _ in prompts]
        return said, None


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    yield LocalBackend(make_model(tmp_path_factory.mktemp("episodes") / "tiny", seed=3))


def asked(name: str, **arguments: str) -> str:
    body = json.dumps({"name": name, "arguments": arguments})
    return f"<tool_call>\n{body}\n</tool_call><|im_end|>"


def play(
    backend: LocalBackend,
    rows: list[dict[str, Any]],
    replies: list[str],
    recipe: Recipe | None = None,
    step: int = 0,
) -> tuple[dict[str, Any], Speaker]:
    prompts = [render_text(backend.tokenizer, row["prompt"], row["tools"], prompt=True) for row in rows]
    speaker = Speaker(backend, replies)
    speaker.state.global_step = step
    each = dict(zip(prompts, rows, strict=True))
    episodes = Episodes(recipe or default_recipe("grpo"), backend.tokenizer, list(each.values()), list(each))
    return episodes(prompts, speaker), speaker


def rewards(out: dict[str, Any], *rows: dict[str, Any]) -> list[float]:
    given = {key: out[key] for key in ("answer", "played", "question", "reached")}
    arguments = [json.dumps(row["arguments"]) for row in rows]
    return paid(**given, verifier=[row["verifier"] for row in rows], arguments=arguments)


def test_an_episode_is_the_conversation_that_serving_would_have(backend: LocalBackend) -> None:
    """The second prompt is, token by token, what the engine encodes after the same call."""
    replies = [asked("stock", item="lamp"), "There are 12.<|im_end|>"]
    out, _ = play(backend, [LAMPS], replies)
    called: Any = {"name": "stock", "arguments": '{"item": "lamp"}'}
    served: Any = [
        *LAMPS["prompt"],
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "type": "function", "function": called}]},
        {"role": "tool", "content": "12", "tool_call_id": "c"},
    ]  # fmt: skip
    said = len(backend.tokenizer(replies[1], add_special_tokens=False)["input_ids"])
    whole = out["prompt_ids"][0] + out["completion_ids"][0]
    assert whole[:-said] == backend.encode_chat(served, TOOLS)
    own = [i for i, mine in zip(out["completion_ids"][0], out["env_mask"][0], strict=True) if mine]
    assert backend.tokenizer.decode(own) == "".join(replies), "what the environment said is not learnt"


def test_rewards_see_answers_calls_and_passages(backend: LocalBackend) -> None:
    replies = [
        asked("stock", item="lamp"), asked("search", query="tide"), "I do not know.<|im_end|>", "At noon. [1]<|im_end|>",
    ]  # fmt: skip
    out, _ = play(backend, [LAMPS, TIDES], replies)
    assert rewards(out, LAMPS, TIDES) == [0.0, 1.0]
    calls, passages = json.loads(out["played"][1])
    assert [(each["tool"], each["arguments"], each["failed"]) for each in calls] == [
        ("search", {"query": "tide"}, False)
    ]
    assert calls[0]["result"] == "[1] The tide turns at noon."
    assert passages == {"1": "The tide turns at noon."}


def test_who_calls_for_ever_is_paid_nothing(backend: LocalBackend) -> None:
    recipe = default_recipe("grpo").changed(turns=3)
    out, speaker = play(backend, [LAMPS], [asked("stock", item="lamp")] * 5, recipe)
    assert out["answer"] == [None] and len(speaker.heard) == 3
    assert rewards(out, LAMPS) == [0.0]


def test_an_episode_ends_where_there_is_no_room(backend: LocalBackend) -> None:
    prompt = render_text(backend.tokenizer, LAMPS["prompt"], TOOLS, prompt=True)
    length = len(backend.tokenizer(prompt, add_special_tokens=False)["input_ids"]) + 70
    recipe = default_recipe("grpo").changed(max_length=length, answer_tokens=64)
    out, speaker = play(backend, [LAMPS], [asked("stock", item="lamp")] * 3, recipe)
    assert len(speaker.heard) == 1 and out["answer"] == [None]


def test_a_call_that_was_cut_off_is_closed_before_it_is_answered(backend: LocalBackend) -> None:
    cut = asked("stock", item="lamp").removesuffix("<|im_end|>")
    _, speaker = play(backend, [LAMPS], [cut, "12<|im_end|>"])
    assert "</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\n12\n" in speaker.heard[1]


def test_old_rows_without_recordings_still_play(backend: LocalBackend) -> None:
    row = {key: value for key, value in TIDES.items() if key != "recorded"}
    out, _ = play(backend, [row], [asked("stock", item="lamp"), "At noon.<|im_end|>"])
    assert out["answer"] == ["At noon."] and "no recording" in out["played"][0]


def calling(name: str, **arguments: str) -> dict[str, Any]:
    return {"role": "assistant", "content": "", "tool_calls": [
        {"type": "function", "function": {"name": name, "arguments": arguments}}]}  # fmt: skip


SEARCHED = [calling("search", query="lamps"), {"role": "tool", "content": "[1] Lamps are sold in pairs."}]
CORRECTED = {
    **LAMPS,
    "corrected": [[calling("stock", item="lamp")], [*SEARCHED, {"role": "assistant", "content": "12. [1]"}]],
}
NO = "I do not know.<|im_end|>"


def test_a_group_that_earns_nothing_ends_with_a_correction(backend: LocalBackend) -> None:
    out, _ = play(backend, [CORRECTED] * 3, [NO] * 3)
    assert out["guide"] == [False, False, True] and rewards(out, *[CORRECTED] * 3) == [0.0, 0.0, 1.0]
    said = backend.tokenizer(asked("stock", item="lamp"), add_special_tokens=False)["input_ids"]
    assert out["completion_ids"][2] == said and out["env_mask"][2] == [1] * len(said)
    assert out["prompt_ids"][2] == out["prompt_ids"][0]
    assert [sum(mask) for mask in out["env_mask"][:2]] == [0, 0], "they could not know better"
    assert guided(out["guide"]) == [0.0, 0.0, 1.0]


def test_of_a_corrected_answer_the_answer_alone_is_learnt(backend: LocalBackend) -> None:
    """The turns before it are context; corrections take turns, step by step."""
    out, _ = play(backend, [CORRECTED] * 2, [NO] * 2, step=1)
    own = [i for i, mine in zip(out["completion_ids"][1], out["env_mask"][1], strict=True) if mine]
    assert backend.tokenizer.decode(own) == "12. [1]<|im_end|>"
    whole = backend.tokenizer.decode(out["prompt_ids"][1] + out["completion_ids"][1])
    served = render_text(
        backend.tokenizer, [*CORRECTED["prompt"], *CORRECTED["corrected"][1]], TOOLS, prompt=False
    )
    assert whole == served.rstrip("\n")
    assert rewards(out, *[CORRECTED] * 2) == [0.0, 1.0]


@pytest.mark.parametrize(
    "row, replies, recipe",
    [
        (CORRECTED, [NO, "At 12 there. [1]<|im_end|>"], {}),
        (LAMPS, [NO, NO], {}),
        (CORRECTED, [NO, NO], {"guided": False}),
        (CORRECTED, [NO, NO], {"max_length": 16}),
    ],
)
def test_other_groups_stay_as_they_are(
    row: dict[str, Any], replies: list[str], recipe: dict[str, Any], backend: LocalBackend
) -> None:
    out, _ = play(backend, [row] * 2, replies, default_recipe("grpo").changed(**recipe))
    assert out["guide"] == [False, False]
    assert out["answer"] == [reply.removesuffix("<|im_end|>") for reply in replies]


def test_each_group_of_a_batch_is_looked_at_by_itself(backend: LocalBackend) -> None:
    out, _ = play(backend, [CORRECTED, CORRECTED, TIDES, TIDES], [NO, NO, NO, NO])
    assert out["guide"] == [False, True, False, False]


def test_a_turn_as_a_person_corrected_it_is_paid_and_ends_the_episode(backend: LocalBackend) -> None:
    row = {**CORRECTED, "recorded": []}
    out, speaker = play(backend, [row], [asked("stock", item="lamp")])
    assert len(speaker.heard) == 1 and out["answer"] == [None] and out["guide"] == [False]
    assert rewards(out, row) == [1.0]


@pytest.mark.parametrize(
    "replies",
    [
        [asked("stock", item="vase"), NO],
        [asked("calculator", expression="1 + 1"), asked("stock", item="lamp"), NO],
        [asked("stock", item="lamp").removesuffix("<|im_end|>") + asked("stock", item="vase"), NO],
    ],
    ids=["another call", "at another turn", "beside a guess"],
)
def test_other_turns_are_not_paid_as_a_correction(replies: list[str], backend: LocalBackend) -> None:
    out, _ = play(backend, [CORRECTED], replies, default_recipe("grpo").changed(guided=False))
    assert out["reached"] == [False] and rewards(out, CORRECTED) == [0.0]
