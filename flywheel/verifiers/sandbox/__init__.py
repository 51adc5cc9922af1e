"""Run unit tests against code that nobody trusts.

One process holds the tests and never executes the code; a second one, cut off and limited, does, and answers calls. Values
travel as text of the literals and types that ``values`` knows, and nothing else is ever made of it. Only the standard
library is used, for both begin in an interpreter that has nothing else.
"""

from pathlib import Path

_RUN = (
    "import sys; sys.path.append(sys.argv.pop(1)); from sandbox.begin import begin; sys.path.pop(); begin()"
)


def command(python: str, folder: Path, *further: str) -> list[str]:
    """What starts the package of this name in ``folder``: with a task on standard input, or as ``further`` says."""
    return [python, "-I", "-S", "-c", _RUN, str(folder), *further]
