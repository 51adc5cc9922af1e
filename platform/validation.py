"""What pydantic finds wrong, in words, and bodies of requests in which nothing is passed over."""

from pydantic import BaseModel, ConfigDict, ValidationError


class Body(BaseModel):
    """The body of a request; a field that it does not have is refused, or a limit that is misspelt would be none."""

    model_config = ConfigDict(extra="forbid")


def first_fault(error: ValidationError) -> str:
    """The first thing that is wrong, and where."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
