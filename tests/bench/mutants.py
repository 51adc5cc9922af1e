"""Programs that differ from a right one in one place: what unit tests should refuse."""

import ast
from collections.abc import Iterator

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def mutants(program: str, function: str) -> Iterator[tuple[str, str]]:
    """``(kind, program)`` for each single change in one of its functions: a result, a comparison, an operator."""
    count = sum(1 for _ in _places(ast.parse(program), function))
    for index in range(count):
        changed = ast.parse(program)
        kind = _change(next(place for at, place in enumerate(_places(changed, function)) if at == index))
        yield kind, ast.unparse(ast.fix_missing_locations(changed))


def _places(tree: ast.Module, function: str) -> Iterator[ast.AST]:
    [changed] = [each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name == function]
    for node in ast.walk(changed):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node
        if isinstance(node, ast.Compare) and type(node.ops[0]) in _SWAPS:
            yield node
        if isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in _SWAPS:
            yield node


def _change(node: ast.AST) -> str:
    match node:
        case ast.Return():
            node.value = ast.Constant(None)
            return "returns nothing"
        case ast.Compare():
            swapped = _SWAPS[type(node.ops[0])]()
            assert isinstance(swapped, ast.cmpop)
            node.ops[0] = swapped
            return "comparison turned"
        case ast.BinOp() | ast.BoolOp():
            node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
            return "operator changed"
    raise ValueError(f"{type(node).__name__} is not changed")
