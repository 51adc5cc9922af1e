"""A reader for each convention by which programs describe their model calls, the most exact first."""

from collections.abc import Sequence

from ..reading import Foreign, Reader, Reading, merged
from .adk import read_adk
from .genai import read_genai
from .genai_events import read_genai_events
from .identity import read_identity
from .langfuse import read_langfuse
from .livekit import read_livekit
from .logfire import read_logfire
from .mlflow import read_mlflow
from .named import read_named
from .openinference import read_openinference
from .openllmetry import read_openllmetry
from .pydantic_ai import read_pydantic_ai
from .vercel import read_vercel

READERS: Sequence[Reader] = (
    read_genai, read_genai_events, read_pydantic_ai, read_logfire, read_vercel, read_openinference,
    read_openllmetry, read_adk, read_mlflow, read_livekit, read_langfuse, read_identity, read_named,
)  # fmt: skip


def read_span(span: Foreign, readers: Sequence[Reader] = READERS) -> Reading:
    """What all conventions that a span follows say of it."""
    return merged(reader(span) for reader in readers)
