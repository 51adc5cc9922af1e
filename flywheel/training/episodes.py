"""Episodes for GRPO: the model reasons, calls, observes and answers as it does in serving, without effects.

The loop is that of the agent's graph; tools are replayed (``replay``), so that nothing outside is
called or changed. What the environment says is part of the context and never of the loss.
"""

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from ...agents.toolbox import Toolbox
from ...agents.tools.base import ToolContext
from ...platform.errors import InputError
from ...platform.serving.engine.hermes import OPENING_TOKENS, opened_thoughts, parse_reply
from ...platform.serving.messages import ToolCall
from ..verifiers.base import Attempt, Call, verify
from .guides import guides_of, is_corrected_turn
from .recipe import Recipe
from .render import Row, render_text, seen
from .replay import Recordings

NOBODY = uuid.UUID(int=0)


@dataclass
class Episode:
    """One run in the making: ``said`` are the tokens after the prompt, ``own`` marks those of the model (1).

    ``reached`` says that it took a turn as a person corrected it, ``guided`` that it is the correction itself.
    """

    row: Row
    toolbox: Toolbox
    messages: list[Row]
    prompt: list[int]
    context: ToolContext
    said: list[int] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    answer: str | None = None
    turns: int = 0
    reached: bool = False
    guided: bool = False

    def add(self, ids: Sequence[int], *, own: bool) -> None:
        self.said += ids
        self.own += [int(own)] * len(ids)


class Episodes:
    """TRL's ``rollout_func``: plays the prompts of a batch to their end.

    Prompts come as rendered text, as many times as a group has members; ``rows`` are those that they
    were rendered from, in the same order. Where the recipe guides, a group that earns nothing ends with a correction.
    """

    def __init__(self, recipe: Recipe, tokenizer: Any, rows: Sequence[Row], prompts: Sequence[str]) -> None:
        self._recipe = recipe
        self._tokenizer = tokenizer
        self._recordings = Recordings(rows)
        self._rows = dict(zip(prompts, rows, strict=True))

    def __call__(self, prompts: list[str], trainer: Any) -> dict[str, Any]:
        """``prompt_ids``, ``completion_ids``, ``env_mask`` of each prompt, and what rewards are made of."""
        played = [self._begin(self._rows[prompt], self._encode(prompt)) for prompt in prompts]
        # TRL has no public way to generate by whatever backend the trainer has; its version is pinned.
        while going := [each for each in played if self._goes_on(each)]:
            ids, _ = trainer._generate_single_turn([each.prompt + each.said for each in going], None, {}, 1)
            for episode, new in zip(going, ids, strict=True):
                self._take(episode, list(new))
        if self._recipe.guided:
            played = [
                each for group in _groups(played) for each in self._guided(group, trainer.state.global_step)
            ]
        return {
            "prompt_ids": [each.prompt for each in played],
            "completion_ids": [each.said for each in played],
            "logprobs": None,
            "env_mask": [each.own for each in played],
            **_told(played),
            "guide": [each.guided for each in played],
        }

    def _guided(self, group: list[Episode], step: int) -> list[Episode]:
        """The group, or where no member earns anything and its question was corrected, with a correction as the last member.

        Of the others nothing is learnt: they would be blamed whole, with all that they did right, for what they could not know.
        """
        row, count = group[0].row, len(group)
        checks = {"verifier": [row["verifier"]] * count, "arguments": [json.dumps(row["arguments"])] * count}
        if not row.get("corrected") or any(paid(**_told(group), **checks)):
            return group
        room = self._recipe.max_length - len(group[0].prompt)
        guides = [guide for guide in guides_of(self._tokenizer, row) if len(guide.said) <= room]
        if not guides:
            return group
        guide = guides[step % len(guides)]
        correction = self._begin(row, group[0].prompt)
        correction.said, correction.own, correction.messages = guide.said, guide.own, guide.messages
        correction.reached = correction.guided = True
        for each in group[:-1]:
            each.own = [0] * len(each.said)
        return [*group[:-1], correction]

    def _begin(self, row: Row, prompt: list[int]) -> Episode:
        context = ToolContext(NOBODY, len(seen(row["prompt"])[1]))
        return Episode(row, self._recordings.toolbox(row), list(row["prompt"]), prompt, context)

    def _encode(self, prompt: str) -> list[int]:
        return list(self._tokenizer(prompt, add_special_tokens=False)["input_ids"])

    def _goes_on(self, episode: Episode) -> bool:
        """Whether the model has another turn: it called tools, as nobody had corrected, and has turns and room left."""
        room = self._recipe.max_length - len(episode.prompt) - len(episode.said)
        left = episode.turns == 0 or (
            episode.turns < self._recipe.turns and room > self._recipe.answer_tokens
        )
        return episode.answer is None and not episode.reached and left

    def _take(self, episode: Episode, new: list[int]) -> None:
        """One reply: an answer ends the episode, calls are replayed and observed."""
        episode.turns += 1
        before = episode.said or episode.prompt
        opening = opened_thoughts(self._tokenizer.decode(before[-OPENING_TOKENS:]))
        episode.add(new, own=True)
        reply = parse_reply(opening + self._tokenizer.decode(new, skip_special_tokens=True))
        if not reply.calls:
            episode.answer = reply.content
            return
        episode.reached = is_corrected_turn(episode.row, episode.turns - 1, reply.calls)
        thought = {"reasoning_content": reply.reasoning} if reply.reasoning else {}
        episode.messages.append({
            "role": "assistant", "content": reply.content, **thought,
            "tool_calls": [{"type": "function", "function": dict(call["function"])} for call in reply.calls],
        })  # fmt: skip
        if episode.turns < self._recipe.turns and not episode.reached:
            self._observe(episode, reply.calls, ended=bool(new) and new[-1] == self._tokenizer.eos_token_id)

    def _observe(self, episode: Episode, calls: Sequence[ToolCall], *, ended: bool) -> None:
        """Add what the tools return, and the opening of the next turn, as the chat template writes them."""
        before = render_text(self._tokenizer, episode.messages, episode.row["tools"], prompt=False).rstrip(
            "\n"
        )
        for call in calls:
            observation = asyncio.run(episode.toolbox.call(call, episode.context))
            episode.messages.append({"role": "tool", "content": observation.text})
            episode.calls.append({
                "tool": call["function"]["name"], "arguments": json.loads(call["function"]["arguments"]),
                "result": observation.text, "failed": observation.is_error,
            })  # fmt: skip
        after = render_text(self._tokenizer, episode.messages, episode.row["tools"], prompt=True)
        if not after.startswith(before):
            raise InputError(
                "The chat template writes the turn of a call otherwise once its tool has answered, so that an episode "
                "is not what is served. Train with a template that keeps turns as they are, such as TRL's training "
                "template of the model, and serve with it, or train by sft, dpo or kto."
            )
        end = "" if ended else self._tokenizer.eos_token
        text = end + after[len(before) :]
        episode.add(self._tokenizer(text, add_special_tokens=False)["input_ids"], own=False)


def _groups(played: list[Episode]) -> list[list[Episode]]:
    """Episodes on one prompt, which follow one another, together."""
    return [list(group) for _, group in groupby(played, key=lambda episode: id(episode.row))]


def _told(played: list[Episode]) -> dict[str, Any]:
    """What rewards are made of."""
    return {
        "answer": [each.answer for each in played],
        "question": [seen(each.messages)[0] for each in played],
        "played": [json.dumps([each.calls, _shown(each.messages)]) for each in played],
        "reached": [each.reached for each in played],
    }


def _shown(messages: list[Row]) -> dict[str, str]:
    return {str(number): text for number, text in seen(messages)[1].items()}


def paid(
    answer: list[str | None], played: list[str], verifier: list[str], arguments: list[str],
    question: list[str], reached: list[bool], **_: Any,
) -> list[float]:  # fmt: skip
    """The reward of each episode: 1 where it took a turn as a person corrected it, else by its row's verifier.

    0 where the model came to no answer.
    """
    scores = []
    for text, done, name, values, asked, there in zip(
        answer, played, verifier, arguments, question, reached, strict=True
    ):
        calls, passages = json.loads(done)
        shown = {int(number): said for number, said in passages.items()}
        attempt = Attempt(text or "", asked, shown, tuple(Call(**call) for call in calls))
        scores.append(float(there) if text is None else verify(name, attempt, **json.loads(values)).score)
    return scores


def guided(guide: list[bool], **_: Any) -> list[float]:
    """1 for members of groups that are corrections; told, and no part of the reward."""
    return list(map(float, guide))
