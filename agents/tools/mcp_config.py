"""The file of MCP servers, as other MCP clients write it."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ...platform.errors import InputError
from ...platform.validation import first_fault

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What a header may be made of, RFC 9110 sections 5.1 and 5.5; of values, what every server reads alike.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"([!-~]([ -~\t]*[!-~])?)?")


class McpServer(BaseModel):
    """One entry of ``mcpServers``: a command to start, or the URL of a running server.

    ``headers`` go with every request to the URL. ``tenants`` are the workspaces that have its tools, by slug; all where
    it is not given. A ``disabled`` server is left alone. Values of ``headers`` and ``env`` are never shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    type: Literal["stdio", "http", "streamable-http"] | None = None
    command: str | None = None
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] | None = Field(None, repr=False)
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] | None = Field(None, repr=False)
    tenants: list[str] | None = None
    disabled: bool = False

    @field_validator("type", mode="before")
    @classmethod
    def _no_sse(cls, value: Any) -> Any:
        if value == "sse":
            raise ValueError('sse is not supported. Let the server offer streamable HTTP, and write "http"')
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> "McpServer":
        if (self.command is None) == (self.url is None):
            raise ValueError("give either command or url")
        way = "url" if self.command is None else "command"
        if self.type is not None and (self.type == "stdio") != (way == "command"):
            raise ValueError(f"the type {self.type} does not go with {way}")
        if self.headers and way == "command":
            raise ValueError("headers go with url, not with command")
        return self

    def resolved(self, name: str, environ: Mapping[str, str]) -> "McpServer":
        """The server with ``${NAME}`` in values of ``env`` and ``headers`` replaced by what the environment has.

        Raises InputError for a variable that is not set, and for a header that cannot be sent.
        """
        env, headers = (
            _resolved(given, f"The MCP server {name!r}, {field}", environ)
            for field, given in (("env", self.env), ("headers", self.headers))
        )
        for header, value in (headers or {}).items():
            if _HEADER_NAME.fullmatch(header) is None or _HEADER_VALUE.fullmatch(value) is None:
                raise InputError(
                    f"The MCP server {name!r} has the header {header!r}, which cannot be sent: ASCII without line breaks, "
                    "and without blanks at either end."
                )
        return self.model_copy(update={"env": env, "headers": headers})


class McpConfig(BaseModel):
    """The file that WHORL_MCP_CONFIG names, in the form other MCP clients use."""

    model_config = ConfigDict(hide_input_in_errors=True)

    mcpServers: dict[str, McpServer] = Field(default_factory=dict)

    def enabled(self) -> dict[str, McpServer]:
        """The servers that are not disabled, by name."""
        return {name: server for name, server in self.mcpServers.items() if not server.disabled}


def load_mcp_config(path: Path, environ: Mapping[str, str] = os.environ) -> McpConfig:
    """Read and check the file, without the servers that are disabled; raises InputError that names what is wrong."""
    try:
        config = McpConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
        servers = {name: server.resolved(name, environ) for name, server in config.enabled().items()}
    except FileNotFoundError as error:
        raise InputError(f"WHORL_MCP_CONFIG names {path}, which does not exist.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not JSON: {error}.") from error
    except ValidationError as error:
        raise InputError(f"{path}: {_fault(error)}.") from error
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error
    return McpConfig(mcpServers=servers)


def _resolved(given: dict[str, str] | None, where: str, environ: Mapping[str, str]) -> dict[str, str] | None:
    if given is None:
        return None
    return {key: _value(text, f"{where}.{key}", environ) for key, text in given.items()}


def _value(text: str, where: str, environ: Mapping[str, str]) -> str:
    for reference in _REFERENCE.finditer(text):
        if _VARIABLE.fullmatch(reference[1]) is None:
            raise InputError(
                f"{where} has a reference that is none. Write ${{NAME}}, the name of a variable."
            )
        if reference[1] not in environ:
            raise InputError(f"{where} needs the environment variable {reference[1]}, which is not set.")
    return _REFERENCE.sub(lambda reference: environ[reference[1]], text)


def _fault(error: ValidationError) -> str:
    """The first thing that is wrong, and with which server."""
    first = error.errors(include_input=False)[0]
    where, said = first["loc"], first["msg"].removeprefix("Value error, ")
    if len(where) < 2:
        return first_fault(error)
    server = f"The MCP server {where[1]!r}"
    field = ".".join(map(str, where[2:]))
    if first["type"] == "extra_forbidden":
        return f"{server} has the unknown field {field!r}. Fields are: {', '.join(McpServer.model_fields)}"
    return f"{server}{', ' + field if field else ''}: {said}"
