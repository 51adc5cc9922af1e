"""Who used a program, and in which session, by the names that several conventions share."""

from ..reading import Foreign, Reading
from ..values import as_text, first

_TRACE = "langfuse.trace.metadata."


def read_identity(span: Foreign) -> Reading:
    """Session and user; the program's own session goes before the model provider's conversation."""
    found = span.attributes
    return Reading(
        session=as_text(
            first(
                found, "session.id", "langfuse.session.id", f"{_TRACE}langfuse_session_id", f"{_TRACE}thread_id",
                "langfuse.observation.metadata.thread_id", "gen_ai.conversation.id", "thread_id",
            )
        ),
        user=as_text(
            first(
                found, "user.id", "enduser.id", "langfuse.user.id", f"{_TRACE}langfuse_user_id", "gen_ai.user.id",
            )
        ),
    )  # fmt: skip
