"""A part of a dataset as Parquet, converted in blocks from its JSON lines, which stay what its hash covers.

Columns follow TRL's conversational formats. What has another shape from row to row is JSON text: the
arguments of a call, as in OpenAI's API, ``tools``, and the arguments of a verifier; a column type
would merge the keys of all rows.
"""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..platform.errors import InputError
from .files import KEPT
from .rows import Row

_CALL = pa.struct(
    [("type", pa.string()), ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())]))]
)
_CHAT = pa.list_(
    pa.struct(
        [
            ("role", pa.string()),
            ("content", pa.string()),
            ("reasoning_content", pa.string()),
            ("tool_calls", pa.list_(_CALL)),
            ("weight", pa.int8()),
        ]
    )
)
# Every column that a row of some format has.
TYPES: dict[str, pa.DataType] = {
    "messages": _CHAT, "prompt": _CHAT, "completion": _CHAT, "chosen": _CHAT, "rejected": _CHAT,
    "completions": pa.list_(_CHAT), "rewards": pa.list_(pa.float64()), "label": pa.bool_(), "verifier": pa.string(),
    "arguments": pa.string(), "recorded": pa.string(), "replay": pa.string(), "corrected": pa.list_(_CHAT),
    "earned": pa.float64(),
    "tools": pa.string(), "source": pa.list_(pa.string()),
}  # fmt: skip
# Columns of the two kinds of GRPO rows: a question with its verifier, a group of rewarded attempts.
COLUMNS = {
    "sft": ("messages", "tools", "source"),
    "dpo": ("prompt", "chosen", "rejected", "tools", "source"),
    "kto": ("prompt", "completion", "label", "tools", "source"),
    "grpo": (
        "prompt",
        "verifier",
        "arguments",
        "recorded",
        "replay",
        "corrected",
        "earned",
        "completions",
        "rewards",
        "tools",
        "source",
    ),
}
_JSON = ("tools", "arguments", "recorded")
_MESSAGE = {"role", "content", "reasoning_content", "tool_calls", "weight"}
_BLOCK = 1000


def write_parquet(lines: Path, target: Path, format: str) -> int:
    """Convert the JSON lines of a part; ``target`` appears whole or not at all. Returns the number of rows.

    Raises InputError for a row with a column that rows of ``format`` do not have.
    """
    schema = pa.schema([(name, TYPES[name]) for name in COLUMNS[format]])
    partial = target.with_name(f"{target.name}.partial")
    count = 0
    try:
        with lines.open("rb") as file, pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            while block := [_stored(json.loads(line), format) for line in islice(file, _BLOCK)]:
                writer.write_table(pa.Table.from_pylist(block, schema))
                count += len(block)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def parquet_of(folder: Path, part: str, format: str) -> Path:
    """The Parquet file of a part of the dataset in ``folder``, made when it is first asked for.

    What a dataset keeps are rows of the format sft, whatever its own.
    """
    target = folder / f"{part}.parquet"
    if not target.exists():
        write_parquet(folder / f"{part}.jsonl", target, "sft" if part == KEPT else format)
    return target


def read_parquet(file: Path) -> Iterator[Row]:
    """The rows as they were before :func:`write_parquet`."""
    for batch in pq.ParquetFile(file).iter_batches(_BLOCK):
        yield from map(_restored, batch.to_pylist())


def _stored(row: Row, format: str) -> Row:
    strange = row.keys() - set(COLUMNS[format])
    if strange:
        raise InputError(f"A row of {format} has no {', '.join(sorted(strange))}.")
    return {name: _encoded(name, value) for name, value in row.items()}


def _encoded(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.dumps(value, ensure_ascii=False)
    return _in_calls(name, value, lambda given: json.dumps(given, ensure_ascii=False))


def _restored(row: Row) -> Row:
    known = ((name, value) for name, value in row.items() if value is not None)
    return {
        name: json.loads(value) if name in _JSON else _in_calls(name, value, json.loads)
        for name, value in known
    }


def _in_calls(name: str, value: Any, change: Callable[[Any], Any]) -> Any:
    """``value`` with the arguments of every call in its chats changed."""
    if TYPES[name] == _CHAT:
        return [_message(message, change) for message in value]
    if TYPES[name] == pa.list_(_CHAT):
        return [[_message(message, change) for message in chat] for chat in value]
    return value


def _message(message: Row, change: Callable[[Any], Any]) -> Row:
    calls = [
        {
            "type": call["type"],
            "function": {**call["function"], "arguments": change(call["function"]["arguments"])},
        }
        for call in message.get("tool_calls") or ()
    ]
    if strange := message.keys() - _MESSAGE:
        raise InputError(f"A message of a row has no {', '.join(sorted(strange))}.")
    plain = {"role": message["role"], "content": message["content"]}
    if thought := message.get("reasoning_content"):
        plain["reasoning_content"] = thought
    if (weight := message.get("weight")) is not None:
        plain["weight"] = weight
    return {**plain, "tool_calls": calls} if calls else plain
