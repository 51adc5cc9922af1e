"""Definitions of tools in OpenAI's shape, from those that other APIs give them."""

from typing import Any

from .values import parsed

Tool = dict[str, Any]

_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parameters_json_schema", "parametersJsonSchema")


def tools_of(value: Any) -> list[Tool]:
    """The tools of a list, JSON text or a mapping by name; what is no tool is left out.

    >>> tools_of('[{"name": "add", "input_schema": {"type": "object"}}]')
    [{'type': 'function', 'function': {'name': 'add', 'parameters': {'type': 'object'}}}]
    """
    found = parsed(value)
    if isinstance(found, dict) and not tool_of(found):
        found = found.get("function_tools") or found.get("functionDeclarations") or found.get("function_declarations") or [
            {"name": name, **each} for name, each in found.items() if isinstance(each, dict)
        ]  # fmt: skip
    items = found if isinstance(found, list) else [found]
    return [tool for item in items for tool in _tools(parsed(item))]


def _tools(item: Any) -> list[Tool]:
    if not isinstance(item, dict):
        return []
    declared = item.get("function_declarations") or item.get("functionDeclarations")
    if isinstance(declared, list):
        return [tool for each in declared if (tool := tool_of(each))]
    wrapped = item.get("tool") if isinstance(item.get("tool"), dict) else item
    assert isinstance(wrapped, dict)
    tool = tool_of(parsed(wrapped.get("json_schema")) if "json_schema" in wrapped else wrapped)
    return [tool] if tool else []


def tool_of(value: Any) -> Tool | None:
    """One definition, or None where a value is none."""
    if not isinstance(value, dict):
        return None
    inner = value.get("function") if isinstance(value.get("function"), dict) else value
    assert isinstance(inner, dict)
    name = inner.get("name")
    schema = next((found for key in _SCHEMAS if isinstance(found := parsed(inner.get(key)), dict)), None)
    if not isinstance(name, str) or not name or (schema is None and value.get("type") != "function"):
        return None
    function: dict[str, Any] = {"name": name}
    if isinstance(inner.get("description"), str):
        function["description"] = inner["description"]
    if schema is not None:
        function["parameters"] = schema
    return {"type": "function", "function": function}
