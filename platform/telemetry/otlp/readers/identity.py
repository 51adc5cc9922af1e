"""Who used a program, and in which session, by the names that several conventions share."""

from ..reading import NOTHING, Foreign, Reading
from ..values import as_text, first

_TRACE = "langfuse.trace.metadata."
_SESSIONS = (
    "session.id", "langfuse.session.id", f"{_TRACE}langfuse_session_id", f"{_TRACE}thread_id",
    "langfuse.observation.metadata.thread_id", "gen_ai.conversation.id", "thread_id",
)  # fmt: skip
_USERS = ("user.id", "enduser.id", "langfuse.user.id", f"{_TRACE}langfuse_user_id", "gen_ai.user.id")
_KNOWN = frozenset({*_SESSIONS, *_USERS})


def read_identity(span: Foreign) -> Reading:
    """Session and user; the program's own session goes before the model provider's conversation."""
    if _KNOWN.isdisjoint(span.attributes):
        return NOTHING
    return Reading(
        session=as_text(first(span.attributes, *_SESSIONS)), user=as_text(first(span.attributes, *_USERS))
    )
