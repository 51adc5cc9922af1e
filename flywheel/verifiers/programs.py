"""What program a reply holds, and which functions a task's tests call."""

import ast
import builtins
import re
import textwrap
import warnings
from collections import Counter
from contextlib import suppress

# A block of code with its language; one that is not closed goes to the end.
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^\n`]*\n(.*?)(?:\1|\Z)", re.S)
_PYTHON = re.compile(r"(?:i?py(?:thon)?[\d.]*)?", re.I)
_FUTURE = re.compile(r"^from __future__ import .*\n?", re.M)
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def code_of(reply: str, entry_point: str, setup: str) -> str:
    """The program of a reply.

    Of several blocks that is the last one that defines the function, with what the others define beside it, and
    without what they do. A reply that does not define the function is taken as the body that follows ``setup``.
    """
    text = reply.replace("\r\n", "\n").replace("\r", "\n")
    blocks = blocks_of(text)
    defining = [index for index, block in enumerate(blocks) if defines(block, entry_point)]
    if defining:
        chosen = defining[-1]
        beside = [
            _definitions(block, entry_point, alone=index > chosen)
            for index, block in enumerate(blocks)
            if index != chosen
        ]
        return _after(_without(setup, entry_point), "\n".join([*beside, blocks[chosen]]))
    if not blocks and defines(text, entry_point):
        return _after(_without(setup, entry_point), text)
    made = [_with_body(setup, body) for body in blocks or [text]]
    return next((program for program in made if parsed(program)), made[0])


def blocks_of(text: str) -> list[str]:
    """The blocks of Python in a text, and those without a language.

    >>> blocks_of("Run `f`:\\n```Python\\ndef f(): ...\\n```\\n```sh\\npython f.py\\n```")
    ['def f(): ...\\n']
    """
    found = [(language, code) for _, language, code in _FENCE.findall(text.replace("\r\n", "\n"))]
    return [_flush(code) for language, code in found if _PYTHON.fullmatch(language) and code.strip()]


def _flush(code: str) -> str:
    """A block without the indentation that it has as a part of a list."""
    flush = textwrap.dedent(code)
    return flush if re.search(r"^(?:async |def |class |import |from |@)", flush, re.M) else code


def defines(code: str, name: str) -> bool:
    wanted = rf"^(?:(?:async[ \t]+)?def|class)[ \t]+{name}\b|^{name}[ \t]*(?::[^=\n]*)?=(?!=)"
    return bool(re.search(wanted, code, re.M))


def parsed(code: str) -> ast.Module | None:
    """The syntax tree of a program; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (MemoryError, RecursionError, SyntaxError, ValueError):
        return None


def _definitions(block: str, entry_point: str, *, alone: bool) -> str:
    """What a block defines beside the function; ``alone`` leaves imports and constants out."""
    tree = parsed(block)
    kept: list[ast.stmt] = []
    for node in tree.body if tree else ():
        if isinstance(node, _FUNCTIONS):
            kept += [node] if node.name != entry_point else []
        elif isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign) and not alone:
            kept += [node] if not any(isinstance(part, ast.Call) for part in ast.walk(node)) else []
    with suppress(RecursionError):
        return "\n".join(map(ast.unparse, kept))
    return ""


def _without(setup: str, entry_point: str) -> str:
    """What stands in ``setup`` before the function that the reply defines itself, where that is a program."""
    found = re.search(rf"^(?:@.*\n)*(?:async[ \t]+)?def[ \t]+{entry_point}\b", setup, re.M)
    before = setup[: found.start()] if found else setup
    return before if parsed(before) else ""


def _after(before: str, code: str) -> str:
    futures = "".join(line if line.endswith("\n") else f"{line}\n" for line in _FUTURE.findall(code))
    return f"{futures}{before}\n{_FUTURE.sub('', code) if futures else code}"


def _with_body(setup: str, body: str) -> str:
    """``setup`` and the body of its function, indented where the reply forgot to."""
    program = setup + body
    indented = f"{setup.rstrip()}\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    return indented if setup.strip() and not _runs(program) and parsed(indented) else program


def _runs(program: str) -> bool:
    """Whether it is a program, and no body of a function that lost its indentation."""
    tree = parsed(program)
    outside = [node for node in tree.body if not isinstance(node, _FUNCTIONS)] if tree else []
    return tree is not None and not any(
        isinstance(part, ast.Return) for node in outside for part in ast.walk(node)
    )


def task_code(prompt: str) -> str:
    """The code of a prompt that a reply goes on with: all of it, or its blocks where it is prose; empty where it has none."""
    for code in (prompt, "\n".join(blocks_of(prompt))):
        if re.search(r"^def \w+", code, re.M) and (parsed(code) or parsed(f"{code.rstrip()}\n    pass")):
            return code
    return ""


def called(tests: ast.Module) -> list[str]:
    """The functions that tests call by name and do not define, the most called first.

    >>> called(ast.parse("import math\\nassert math.ceil(half(3)) == 2\\nassert len(str(half(2))) == 3"))
    ['half']
    """
    nodes = list(ast.walk(tests))
    calls = Counter(
        node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    own = {node.name for node in nodes if isinstance(node, _FUNCTIONS)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {
        (name.asname or name.name).split(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    return [name for name, _ in calls.most_common() if name not in own and not hasattr(builtins, name)]
