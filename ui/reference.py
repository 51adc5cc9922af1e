"""The description of the API: the OpenAPI document, and a page rendered from it on the server."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..platform.identity.http import CurrentActor
from ..platform.problems import KINDS, ProblemKind
from .frame import Context, PageActor, render

router = APIRouter()
_METHODS = ("get", "post", "put", "patch", "delete")
# In the order of the page.
_TITLES = {
    "runs": "Runs and conversations", "documents": "Documents and search",
    "flywheel": "Feedback, datasets, trainings, adapters", "identity": "Members, keys, audit log", "usage": "Usage and quotas",
    "OpenAI-compatible": "OpenAI's shape", "operations": "Operations",
}  # fmt: skip


@dataclass(frozen=True)
class Value:
    """A parameter or a field: its name, its type in words, and what is said of it."""

    name: str
    type: str
    required: bool
    description: str
    place: str = ""
    default: str = ""


@dataclass(frozen=True)
class Answer:
    """A response by its status."""

    status: str
    description: str
    fields: list[Value]


@dataclass(frozen=True)
class Endpoint:
    """A method and path."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Value]
    body_type: str
    body: list[Value]
    answers: list[Answer]


@dataclass(frozen=True)
class Group:
    """The endpoints of a tag."""

    id: str
    title: str
    endpoints: list[Endpoint]


@dataclass(frozen=True, kw_only=True)
class ReferenceContext(Context):
    """All endpoints."""

    template: ClassVar[str] = "reference.html"
    section: ClassVar[str] = "docs"
    address: str
    groups: list[Group]
    problems: list[ProblemKind]


@router.get("/openapi.json")
async def get_openapi(actor: CurrentActor, request: Request) -> Response:
    """The OpenAPI document, for any signed-in person or key."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def show_reference(actor: PageActor, request: Request) -> Response:
    """The API for people."""
    address = request.app.state.whorl.settings.public_url or str(request.base_url).rstrip("/")
    groups = groups_of(request.app.openapi())
    return render(ReferenceContext(title="API", actor=actor, address=address, groups=groups, problems=KINDS))


def groups_of(document: dict[str, Any]) -> list[Group]:
    """The endpoints of an OpenAPI document by their first tag."""
    schemas = document.get("components", {}).get("schemas", {})
    by_tag: dict[str, list[Endpoint]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["other"])[0]
                by_tag.setdefault(tag, []).append(_endpoint(method, path, item[method], schemas))
    known = [tag for tag in _TITLES if tag in by_tag]
    others = [tag for tag in by_tag if tag not in _TITLES]
    return [Group(tag, _TITLES.get(tag, tag.capitalize()), by_tag[tag]) for tag in known + others]


def _endpoint(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Endpoint:
    body_type, body = _body(operation.get("requestBody", {}), schemas)
    summary = operation.get("summary", "")
    return Endpoint(
        id=operation["operationId"], method=method.upper(), path=path, summary=summary,
        description=operation.get("description", ""), body_type=body_type, body=body,
        parameters=[_parameter(p) for p in operation.get("parameters", []) if p["in"] != "cookie"],
        answers=[_answer(status, a, schemas) for status, a in operation.get("responses", {}).items()],
    )  # fmt: skip


def _parameter(parameter: dict[str, Any]) -> Value:
    schema = parameter.get("schema", {})
    return Value(
        parameter["name"], type_of(schema), parameter.get("required", False),
        parameter.get("description", ""), parameter["in"], _default(schema),
    )  # fmt: skip


def _body(body: dict[str, Any], schemas: dict[str, Any]) -> tuple[str, list[Value]]:
    for media_type, content in body.get("content", {}).items():
        return media_type, _fields(content.get("schema", {}), schemas)
    return "", []


def _answer(status: str, answer: dict[str, Any], schemas: dict[str, Any]) -> Answer:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return Answer(status, answer.get("description", ""), _fields(schema, schemas))


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[Value]:
    """The fields of an object, or of the objects of a list."""
    if schema.get("type") == "array":
        return _fields(schema["items"], schemas)
    schema = schemas.get(_name(schema), {}) if "$ref" in schema else schema
    required = set(schema.get("required", []))
    return [
        Value(name, type_of(field), name in required, field.get("description", ""), default=_default(field))
        for name, field in schema.get("properties", {}).items()
    ]


def type_of(schema: dict[str, Any]) -> str:
    """A schema's type in words.

    >>> type_of({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]})
    'list of string, or null'
    """
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return ", or ".join(type_of(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("contentMediaType") or schema.get("type", "any value"))


def _name(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rsplit("/", 1)[-1]


def _default(schema: dict[str, Any]) -> str:
    value = schema.get("default")
    return "" if value is None else json.dumps(value, ensure_ascii=False)
