"""The OpenAPI document: what every route may answer beside what it says itself, written down in one place."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from .idempotency.middleware import HEADER, takes_keys
from .problems import MEDIA_TYPE, OTLP, OpenAIProblem, Problem, is_openai
from .telemetry.otlp.request import CONTENT_TYPES

_METHODS = ("get", "post", "put", "patch", "delete")
_REF = "#/components/schemas/"
# What each status means, wherever it is answered.
ERRORS = {
    400: "The request cannot be read.",
    401: "No valid key or session came with the request.",
    403: "The actor is known but may not do this.",
    404: "What is named does not exist, or the actor may not see it.",
    409: "The request contradicts the present state.",
    413: "The body is larger than is taken.",
    415: "The body is in a type or encoding that is not read.",
    422: "The input is not valid.",
    429: "A quota or limit is used up.",
    502: "A model server or another program that Whorl asks has failed.",
    503: "Something that the operator must provide is missing.",
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "How to authenticate."}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds after which to try again."}},
    503: {
        "Retry-After": {
            "schema": {"type": "integer"},
            "description": "Seconds after which to try again, where that helps.",
        }
    },
}
_KEY_PARAMETER = {
    "name": HEADER, "in": "header", "required": False, "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": "Drawn by the caller: the same request with the same key is carried out once, within a day.",
}  # fmt: skip


def describe(app: FastAPI) -> None:
    """Let the application give the document with all answers."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = completed(document)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with errors and idempotency keys, in place of FastAPI's own words on invalid input."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, OpenAIProblem):
        schemas |= _schemas(model)
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                _complete(path, method, item[method])
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    return document


def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REF + "{model}")
    return {**schema.pop("$defs", {}), model.__name__: schema}


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    responses.pop("422", None)
    keyed = method == "post" and takes_keys(path)
    if keyed:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    for status in _errors(path, method, operation):
        responses[str(status)] = _error(path, status)
    operation["responses"] = dict(sorted(responses.items()))


def _errors(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    """The errors that an operation may answer, by what it takes and what it does."""
    if "security" not in operation:
        return []
    if path in OTLP:
        return [400, 401, 403, 413, 415, 422, 429, 503]
    statuses = [401, 403, 503, *(status for status in ERRORS if str(status) in operation["responses"])]
    if operation.get("parameters") or "requestBody" in operation:
        statuses.append(400 if is_openai(path) else 422)
    if "{" in path or "requestBody" in operation:
        statuses.append(404)
    if "requestBody" in operation:
        statuses += [400, 413]
    if method != "get":
        statuses += [409, 422, 429, 502]
    return statuses


def _content(path: str) -> dict[str, Any]:
    """The shape of a path's errors by media type."""
    if path in OTLP:
        return {kind: {} for kind in CONTENT_TYPES}
    if is_openai(path):
        return {"application/json": {"schema": {"$ref": _REF + "OpenAIProblem"}}}
    return {MEDIA_TYPE: {"schema": {"$ref": _REF + "Problem"}}}


def _error(path: str, status: int) -> dict[str, Any]:
    answer = {"description": ERRORS[status], "content": _content(path)}
    return answer | ({"headers": _HEADERS[status]} if status in _HEADERS else {})
