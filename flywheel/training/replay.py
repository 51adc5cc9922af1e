"""The tools of an episode: they repeat what they returned in the captured runs, and touch nothing."""

import re
from collections.abc import Iterable
from typing import Any

from ...agents.toolbox import ERROR, Toolbox
from ...agents.tools.base import Observation, Tool, ToolContext
from ...agents.tools.calculator import calculator
from ...platform.errors import ModelSignal
from ...retrieval.lexical import LexicalIndex
from ...retrieval.words import WordRules
from ..recordings import canonical
from .render import Row

SEARCH = "search"
_NUMBERED = re.compile(r"^\[\d{1,3}\] (.*)$", re.M)
_Call = tuple[str, str]


class Recordings:
    """What the tools of a dataset's runs returned: by call, and the passages of every search as a snapshot.

    A call is answered by what it returned in a run on the same question, else in any run of the
    dataset. A search for other words finds passages of the snapshot by BM25, as many as searches of
    the dataset showed; the calculator calculates; any other call has no recording, which the model is told.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._known: dict[_Call, str] = {}
        self._passages: list[str] = []
        self._shown = 1
        for recording in (each for row in rows for each in row.get("recorded", ())):
            self._known.setdefault((recording["name"], recording["arguments"]), recording["result"])
            if recording["name"] == SEARCH:
                self._shown = max(self._shown, len(passages_in(recording["result"])))
                self._passages += passages_in(recording["result"])
        self._passages = list(dict.fromkeys(self._passages))
        self._index = LexicalIndex(WordRules())
        self._index.add(range(len(self._passages)), self._passages)

    def toolbox(self, row: Row) -> Toolbox:
        """The tools that the row's run was offered."""
        own = {(each["name"], each["arguments"]): each["result"] for each in row.get("recorded", ())}
        return Toolbox(self._tool(spec["function"], {**self._known, **own}) for spec in row["tools"])

    def _tool(self, offered: dict[str, Any], known: dict[_Call, str]) -> Tool:
        name, parameters = offered["name"], offered.get("parameters") or {"type": "object", "properties": {}}

        async def repeat(arguments: dict[str, Any], context: ToolContext) -> Observation:
            result = known.get((name, canonical(arguments)))
            if result is not None and name != SEARCH:
                return Observation(result, is_error=result.startswith(ERROR))
            if name == SEARCH:
                found = (
                    passages_in(result) if result is not None else self._found(str(arguments.get("query")))
                )
                return _numbered(found, context)
            if name == calculator.name:
                return await calculator.function(arguments, context)
            raise ModelSignal(f"The tool {name} has no recording of this call.")

        return Tool(name, offered.get("description", ""), repeat, parameters, read_only=True)

    def _found(self, query: str) -> list[str]:
        hits = self._index.search(query, self._shown)
        return [self._passages[int(slot)] for slot in hits.ids]


def passages_in(result: str) -> list[str]:
    """The passages of a search's observation, without their numbers.

    >>> passages_in("[3] At noon. (source: Tides)\\n[4] At one.")
    ['At noon. (source: Tides)', 'At one.']
    """
    return _NUMBERED.findall(result)


def _numbered(found: list[str], context: ToolContext) -> Observation:
    """Passages numbered on from those that were shown before."""
    first = context.cited + 1
    context.cited += len(found)
    lines = [f"[{number}] {text}" for number, text in enumerate(found, first)]
    return Observation("\n".join(lines) or "No passage was found.")
