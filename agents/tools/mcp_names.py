"""Names of MCP servers' tools: such as model servers take, and each one tool's in every workspace."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count

from .base import Tool

# What OpenAI-compatible servers take as a function's name.
LONGEST = 64
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")


def named(own: Sequence[Tool], listed: Mapping[str, Sequence[Tool]]) -> list[Tool]:
    """The tools of servers, by server in the order of the file, each by a name that no other of its workspaces has.

    A tool keeps its name where it can; else it has the server's before it. Names depend on the file and on what the
    servers list, not on the order of a list, so that they are the same at every start.

    >>> async def nothing(arguments, context): ...
    >>> own, far = Tool("search", "", nothing), [Tool("search", "", nothing), Tool("files/read", "", nothing)]
    >>> [tool.name for tool in named([own], {"docs": far})]
    ['docs_search', 'files_read']
    """
    taken = {tool.name: [tool] for tool in own}
    tools: list[Tool] = []
    for server, given in listed.items():
        once = {tool.name: tool for tool in reversed(given)}
        names: dict[str, str] = {}
        for tool in sorted(once.values(), key=lambda tool: (_fit(tool.name) != tool.name, tool.name)):
            name = next(each for each in _candidates(server, tool.name) if _free(each, tool, taken))
            taken.setdefault(name, []).append(tool)
            names[tool.name] = name
        tools += [_called(tool, names[tool.name]) for tool in given if once[tool.name] is tool]
    return tools


def _candidates(server: str, name: str) -> Iterator[str]:
    longer = _fit(f"{server}_{name}")
    yield from (_fit(name), longer)
    for turn in count():
        mark = sha256(f"{server}/{name}/{turn}".encode()).hexdigest()[:8]
        yield f"{longer[: LONGEST - 9]}_{mark}"


def _free(name: str, tool: Tool, taken: Mapping[str, Sequence[Tool]]) -> bool:
    return bool(name) and not any(tool.meets(other) for other in taken.get(name, ()))


def _called(tool: Tool, name: str) -> Tool:
    return replace(tool, name=name, listed=tool.name if _fit(tool.name) != tool.name else None)


def _fit(name: str) -> str:
    return _FOREIGN.sub("_", name)[:LONGEST]
