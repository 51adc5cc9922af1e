"""What pydantic finds wrong, in words."""

from pydantic import ValidationError


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
