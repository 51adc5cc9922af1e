"""Chats in OpenAI's JSON lines: ``messages``, and by choice ``tools``, ``id``, ``group`` and a judgement.

https://platform.openai.com/docs/guides/supervised-fine-tuning
"""

from ...platform.errors import InputError
from ...platform.lines import Record
from .base import Recorded, key_of, messages_of, objects

AGENT = "openai"
JUDGEMENTS = ("reward", "score", "label")


def read_chat(record: Record) -> Recorded:
    """A chat; ``reward``, ``score`` (0 to 1) or ``label`` (true or false) says how good it was.

    ``user`` is the program's own id of whoever asked.
    """
    fields = record.fields
    tools = objects(fields.get("tools"), "tools", record.where)
    key, group, model, user = (fields.get(name) for name in ("id", "group", "model", "user"))
    if user is not None and not isinstance(user, str | int):
        raise InputError(f"{record.where}: 'user' is not a text.")
    return Recorded(
        key=key_of(record, key), agent=AGENT, messages=messages_of(record, "messages"),
        tools=tools, group=None if group is None else str(group), reward=_judgement(record),
        model="unknown" if model is None else str(model), user="" if user is None else str(user),
    )  # fmt: skip


def _judgement(record: Record) -> float | None:
    for name in JUDGEMENTS:
        value = record.fields.get(name)
        if value is None:
            continue
        if not isinstance(value, bool | int | float) or not 0 <= value <= 1:
            raise InputError(
                f"{record.where}: {name!r} is true, false or a number from 0 to 1, not {value!r}."
            )
        return float(value)
    return None
