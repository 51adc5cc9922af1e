"""Errors sorted by who must act.

Every error of Whorl derives from :class:`WhorlError` and says what happened, the value seen, what
is allowed and what to do. Errors never log or print; the edges (HTTP, command line) render them.
"""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self


class WhorlError(Exception):
    """Base of all. ``status`` is the HTTP status, ``exit_code`` the process exit code.

    ``code`` is a word that programs know the error by, where one is agreed on; ``field`` names the part of
    the request that is wrong; ``retry_after`` is seconds, where waiting helps. ``public`` is what those are told who
    do not run the platform: the message may name addresses of its machines.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1
    title: ClassVar[str] = "Error"
    code: ClassVar[str | None] = None

    def __init__(self, message: str, field: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message, self.public, self.field, self.retry_after = message, message, field, retry_after

    def told_as(self, public: str) -> Self:
        """The error, with less to tell in public; so does what reads it as text, such as a span."""
        self.public, self.args = public, (public,)
        return self


class InputError(WhorlError):
    """The caller's mistake: a value that cannot be accepted as it is."""

    status = 422
    exit_code = 2
    title = "Invalid input"


class BadRequestError(InputError):
    """A body that is not what its content type says."""

    status = 400
    title = "Bad request"


class TooLargeError(InputError):
    """A body above the limit."""

    status = 413
    title = "Too large"


class UnsupportedMediaError(InputError):
    """A body in a type or encoding that nobody here reads."""

    status = 415
    title = "Unsupported media type"


class ClientLeftError(WhorlError):
    """The client closed its connection before it was answered; nobody reads the status, which logs and metrics have."""

    status = 499
    title = "Client left"

    def __init__(self) -> None:
        super().__init__("The client closed its connection before it was answered.")


class NotFoundError(WhorlError):
    """The caller named something that does not exist, or that the caller may not see."""

    status = 404
    exit_code = 3
    title = "Not found"


class UnknownModelError(NotFoundError):
    """The request's ``model`` is none that the caller may ask."""

    code = "model_not_found"

    def __init__(self, model: str) -> None:
        super().__init__(f"The model {model!r} does not exist. GET /v1/models lists those that do.", "model")


class ContextLengthError(InputError):
    """More than the model's context holds was given, or asked for."""

    code = "context_length_exceeded"


class KeyReusedError(InputError):
    """An idempotency key came again, with another request."""

    code = "idempotency_key_reused"


class ConflictError(WhorlError):
    """The request contradicts the present state: a name taken, a step out of order."""

    status = 409
    exit_code = 4
    title = "Conflict"


class AuthenticationError(WhorlError):
    """No valid key or session came with the request."""

    status = 401
    exit_code = 5
    title = "Not signed in"


class PermissionDeniedError(WhorlError):
    """The actor is known but may not do this."""

    status = 403
    exit_code = 5
    title = "Not allowed"


class PrerequisiteError(WhorlError):
    """The operator must install, start or configure something first."""

    status = 503
    exit_code = 6
    title = "Missing prerequisite"


class DatabaseAwayError(PrerequisiteError):
    """The database does not answer; what was asked for may be asked for again."""

    title = "Database unavailable"


class StoppingError(PrerequisiteError):
    """The process is being stopped; another one, or this one started again, can be asked."""

    title = "Stopping"

    def __init__(self) -> None:
        super().__init__("The process that the run was in is being stopped. Ask again.", retry_after=5)


class UpstreamError(WhorlError):
    """A model server, MCP server or database failed or answered nonsense."""

    status = 502
    exit_code = 7
    title = "Upstream failure"


class LimitError(WhorlError):
    """A quota or budget is used up.

    ``kind`` is OpenAI's word for what of: https://platform.openai.com/docs/guides/error-codes
    """

    kind: ClassVar[str] = "requests"
    status = 429
    exit_code = 8
    title = "Limit reached"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)


class QuotaError(LimitError):
    """A quota of the workspace is used up; ``headers`` tell its clients of limits and what is left."""

    def __init__(
        self, message: str, retry_after: float | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, retry_after)
        self.headers = dict(headers or {})


class TokensError(QuotaError):
    """The tokens of the day are used up."""

    kind = "tokens"


class DollarsError(QuotaError):
    """The dollars of the month are spent."""

    kind = code = "insufficient_quota"


class ModelSignal(WhorlError):
    """A message for the model, given to it as an observation, such as a bad tool argument."""

    status = 500
    title = "Signal to the model"


def missing_extra(package: str, extra: str) -> PrerequisiteError:
    """The one standard error for an optional dependency that is not installed."""
    return PrerequisiteError(f"{package} is not installed. Install it with: {install_command(extra)}")


def install_command(extra: str, python: Path = Path(sys.executable)) -> str:
    """What to type for an optional dependency, where ``python`` runs: another pip would put it elsewhere."""
    return f"{shlex.quote(str(python))} -m pip install 'whorl[{extra}]'"
