"""The tools of a run: offered to the model, checked, called; errors become observations."""

import json
import logging
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import anyio
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ..platform.database.outage import AWAY
from ..platform.errors import InputError, LimitError, ModelSignal, NotFoundError, UpstreamError, WhorlError
from ..platform.logs import log_failure
from ..platform.schemas import closed
from ..platform.serving.messages import ToolCall, ToolSpec
from ..platform.storable import storable
from .tools.base import Observation, Tool, ToolContext

log = logging.getLogger(__name__)
MAX_OBSERVATION = 20_000
TOOL_SECONDS = 30.0
# How an observation begins that tells of an error.
ERROR = "Error: "


class Toolbox:
    """Tools by name; raises InputError for two of one name in one workspace, or a schema that is none.

    Workspaces may have different tools of one name. None of these is among ``tools``, and none can be called, before
    ``of_tenant`` says whose is meant.
    """

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._all = tuple(tools)
        called: dict[str, list[Tool]] = {}
        for tool in self._all:
            if any(tool.meets(other) for other in called.get(tool.name, ())):
                raise InputError(f"Two tools are called {tool.name!r}. Rename one.")
            try:
                Draft202012Validator.check_schema(tool.parameters)
            except SchemaError as error:
                raise InputError(
                    f"The schema of the tool {tool.name!r} is invalid: {error.message}"
                ) from error
            called.setdefault(tool.name, []).append(tool)
        self.tools = {name: same[0] for name, same in called.items() if len(same) == 1}

    def __iter__(self) -> Iterator[Tool]:
        """The tools of all workspaces, those of one name too."""
        return iter(self._all)

    def of_tenant(self, slug: str) -> "Toolbox":
        """The tools that a workspace has."""
        return Toolbox(tool for tool in self if tool.of_tenant(slug))

    def only(self, names: Collection[str] | None) -> "Toolbox":
        """The tools of these names, as far as there are any; all for None."""
        if names is None:
            return self
        return Toolbox({tool.name: tool for name in names for tool in self if tool.among((name,))}.values())

    def without(self, names: Collection[str]) -> "Toolbox":
        """The tools but those of some names."""
        if not any(tool.among(names) for tool in self):
            return self
        return Toolbox(tool for tool in self if not tool.among(names))

    def specs(self) -> list[ToolSpec]:
        """What the model is offered."""
        return [tool.spec() for tool in self.tools.values()]

    async def call(self, call: ToolCall, context: ToolContext) -> Observation:
        """Run one call. What the model can mend comes back as an error observation, and so does what fails unforeseen.

        Raises the other errors of Whorl's own, and what says that the database is away.
        """
        try:
            tool, arguments = self._checked(call)
            with anyio.fail_after(TOOL_SECONDS):
                observation = await tool.function(arguments, context)
        except TimeoutError:
            return _error(f"The tool {call['function']['name']} took more than {TOOL_SECONDS:.0f} seconds.")
        except (ModelSignal, InputError, NotFoundError, UpstreamError, LimitError) as error:
            return _error(error.message)
        except (WhorlError, *AWAY):
            raise
        except Exception as error:  # noqa: BLE001 - a tool is anybody's code: the model is told, and the log why
            log_failure(log, "A tool failed", error)
            return _error(f"The tool {call['function']['name']} failed.")
        text = storable(observation.text)
        if len(text) > MAX_OBSERVATION:
            text = text[:MAX_OBSERVATION] + f"\n[cut: {len(text)} characters in all]"
        return observation._replace(text=text, citations=storable(observation.citations))

    def _checked(self, call: ToolCall) -> tuple[Tool, dict[str, Any]]:
        name = call["function"]["name"]
        tool = self.tools.get(name)
        if tool is None:
            raise ModelSignal(f"There is no tool {name!r}. Tools are: {', '.join(self.tools) or 'none'}.")
        try:
            arguments = storable(json.loads(call["function"]["arguments"] or "{}"))
        except json.JSONDecodeError as error:
            raise ModelSignal(f"The arguments of {name} are not JSON: {error.msg}.") from error
        problem = next(iter(closed(tool.parameters, Draft202012Validator).iter_errors(arguments)), None)
        if problem is not None:
            where = "/".join(map(str, problem.absolute_path))
            raise ModelSignal(
                f"The arguments of {name} do not fit: {where + ': ' if where else ''}{problem.message}"
            )
        return tool, arguments


def _error(message: str) -> Observation:
    return Observation(f"{ERROR}{message}", is_error=True)
