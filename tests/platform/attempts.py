"""What an attacker tries: requests made from the OpenAPI document, of all that another tenant owns."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from whorl.platform.paging import cursor_of

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_HOLE = re.compile(r"\{(\w+)(?::\w+)?\}")
# Bodies tried for each operation, and values for each hole of a path.
BODIES, VALUES = 12, 40


@dataclass(frozen=True)
class Operation:
    """One method of one path, with what the document says that it takes."""

    method: str
    path: str
    query: tuple[dict[str, Any], ...] = ()
    content: str = ""
    schema: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def holes(self) -> list[str]:
        return _HOLE.findall(self.path)

    def filled(self, values: dict[str, str]) -> str:
        return _HOLE.sub(lambda hole: values[hole[1]], self.path)


@dataclass(frozen=True)
class Attempt:
    """A request; ``said`` is all that it names itself."""

    method: str
    url: str
    json: Any = None
    files: Any = None

    @property
    def said(self) -> str:
        return self.url + json.dumps(self.json) + repr(self.files)


def operations(app: FastAPI) -> list[Operation]:
    """Every operation of the API's document, and every page, which no document names."""
    document = app.openapi()
    found = []
    for path, methods in document["paths"].items():
        for method in methods.keys() & set(METHODS):
            value = methods[method]
            content = value.get("requestBody", {}).get("content", {})
            kind = next(iter(content), "")
            schema = _resolved(content[kind]["schema"], document) if kind else {}
            query = tuple(p for p in value.get("parameters", ()) if p["in"] == "query")
            found.append(Operation(method, path, query, kind, schema))
    pages = [Operation(m.lower(), route.path) for route in _pages(app) for m in sorted(route.methods or ())]
    return sorted(
        {(o.method, o.path): o for o in [*pages, *found]}.values(), key=lambda o: (o.path, o.method)
    )


def _pages(routed: Any) -> Iterator[Route]:
    for route in routed.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _pages(inner)
        elif isinstance(route, Route) and not route.include_in_schema:
            yield route


def _resolved(schema: Any, document: dict[str, Any]) -> Any:
    """A schema with its references replaced by what they name."""
    if isinstance(schema, list):
        return [_resolved(each, document) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document)
    return {key: _resolved(value, document) for key, value in schema.items()}


def attempts(operation: Operation, owned: list[str], draw: Random) -> Iterator[Attempt]:
    """Requests that name what another tenant owns wherever something can be named."""
    for url in _urls(operation, owned, draw):
        if operation.content == "application/json":
            for _ in range(BODIES if not operation.holes else 3):
                yield Attempt(operation.method, url, json=_value(operation.schema, owned, draw))
        elif operation.content == "multipart/form-data":
            yield Attempt(
                operation.method, url, files={"file": (draw.choice(owned), b"# A file\n\nOf words.")}
            )
        else:
            yield Attempt(operation.method, url)


def _urls(operation: Operation, owned: list[str], draw: Random) -> Iterator[str]:
    values = owned if len(owned) <= VALUES else draw.sample(owned, VALUES)
    fillings = [{hole: value for hole in operation.holes} for value in values] if operation.holes else [{}]
    if len(operation.holes) > 1:
        first, *rest = operation.holes
        fillings += [
            {first: value, **{hole: draw.choice(("train", "jsonl", "held_out", "parquet")) for hole in rest}}
            for value in values
        ]
    for filling in fillings:
        path = operation.filled(filling)
        yield path
        for parameter in operation.query:
            yield f"{path}?{parameter['name']}={_named(parameter['name'], draw.choice(values))}"
        if operation.query:
            named = (
                f"{p['name']}={_named(p['name'], _value(p['schema'], owned, draw))}" for p in operation.query
            )
            yield f"{path}?{'&'.join(named)}"


def _named(parameter: str, value: Any) -> Any:
    """A value as a parameter of a query has it: that of a page's begin is a cursor."""
    return cursor_of(str(value)) if parameter == "cursor" else value


def _value(schema: dict[str, Any], owned: list[str], draw: Random) -> Any:
    """A value of a schema; texts are what the other tenant owns."""
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return _value(draw.choice(options), owned, draw)
    for key in ("const", "default"):
        if key in schema and draw.random() < 0.3:
            return schema[key]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    kind = schema.get("type", "string")
    if kind == "object" or "properties" in schema:
        needed = schema.get("required", ())
        return {
            name: _value(each, owned, draw)
            for name, each in schema.get("properties", {}).items()
            if name in needed or draw.random() < 0.6
        }
    if kind == "array":
        return [_value(schema.get("items", {}), owned, draw) for _ in range(draw.randint(1, 2))]
    if kind in ("integer", "number"):
        return draw.choice((schema.get("minimum", 1), schema.get("maximum", 2), 1))
    if kind == "boolean":
        return draw.random() < 0.5
    if kind == "null":
        return None
    if schema.get("format") == "uuid":
        return draw.choice([value for value in owned if UUID.fullmatch(value)])
    return draw.choice(owned)


def named_in(value: Any) -> Iterator[str]:
    """The ids and names in a JSON value: texts without blanks."""
    if isinstance(value, dict):
        for each in value.values():
            yield from named_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from named_in(each)
    elif isinstance(value, str):
        yield from UUID.findall(value)
        if value and not re.search(r"[\s/?#%]", value) and len(value) < 80:
            yield value
