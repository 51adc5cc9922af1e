"""Which kinds there are to be found, so that a policy names no other: a kind that is misspelt would never be hidden."""

from difflib import get_close_matches

from ...errors import InputError
from . import names, patterns, peoples
from .policy import DENIED, RedactionPolicy
from .presidio import recognizers


def require_kinds(policy: RedactionPolicy) -> None:
    """Raises InputError for an operator of a kind that nothing finds, neither a detector nor the policy's own patterns.

    Kinds of other countries take seconds the first time in a process, as Presidio is loaded for them.
    """
    own = {DENIED, *(pattern.kind for pattern in policy.patterns)}
    found_here = {*patterns.KINDS, *names.KINDS, peoples.KIND, *own} - {""}
    asked = set(policy.operators) - found_here
    if not asked:
        return
    known = found_here | set(recognizers())
    for kind in sorted(asked - known):
        near = get_close_matches(kind, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else "docs/security.md lists those that are."
        raise InputError(
            f"{kind} is no kind that is found, so its operator would hide nothing. {hint}", "operators"
        )
