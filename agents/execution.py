"""What a run is asked to do, and one stretch of its work."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from ..platform.database.outage import AWAY, away
from ..platform.errors import WhorlError
from ..platform.identity.access import Actor
from ..platform.serving.messages import ChatMessage, Sampling
from ..platform.serving.trials import Choice, trial_tag
from ..platform.telemetry.capture import RunContext
from ..retrieval.library import DOCUMENTS
from .endings import ended_as, failed_by
from .events import RunEnded, Spent, ToolEnded, ToolStarted
from .graph import Approve, Decision, PlainCall
from .names import DEFAULT_AGENT, UNMETERED_TAG
from .plain import PlainRun
from .tables import Run
from .toolbox import Toolbox

FAULT = "The run failed by a fault of the server's, which its log has."


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do.

    ``adapter`` overrides the tenant's route: a name, or "" for the base model. ``history`` comes
    before the question where no conversation is kept. ``checkpoint`` stores each step. ``toolbox``
    takes the place of the agent's own tools. ``instructions`` follow the agent's own. ``answer_tokens``: of one
    reply at most, below the limit. ``approve``: which calls wait for a person. ``plain`` asks the model directly,
    without the agent. ``verifier`` ({"verifier": name, "arguments": {…}}) judges answers to
    the question; it is captured with the run, redacted as the run is. ``metered``: whether the tenant's quotas
    must allow the run; its usage is recorded in any case. ``in_place_of`` is a run of the conversation that is asked for
    again: its question and all that came after it are no history. ``prompt`` takes the place of Whorl's own, ``steps``
    are calls of the model at most, below the limit, ``collection`` is what is searched: these come from the agent's
    definition.
    """

    question: str
    conversation_id: uuid.UUID | None = None
    agent: str = DEFAULT_AGENT
    adapter: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    history: list[ChatMessage] = field(default_factory=list)
    keep: bool = True
    checkpoint: bool = True
    tags: tuple[str, ...] = ()
    toolbox: Toolbox | None = None
    verifier: dict[str, Any] | None = None
    metered: bool = True
    instructions: str = ""
    answer_tokens: int | None = None
    approve: Approve = "never"
    plain: PlainCall | None = None
    prompt: str | None = None
    collection: str = DOCUMENTS
    steps: int | None = None
    in_place_of: uuid.UUID | None = None


@dataclass(frozen=True)
class Finished:
    """A run that is over, for whoever follows: ``messages`` before the model spoke, and what its tools did."""

    actor: Actor
    request: RunRequest
    messages: list[ChatMessage]
    ended: RunEnded
    tools: tuple[ToolStarted | ToolEnded, ...]


@dataclass(frozen=True)
class Execution:
    """One stretch of a run's work: from its beginning, or from where a person was waited for (``decisions``).

    ``run`` has what was used before; ``messages`` came before the model spoke.
    """

    actor: Actor
    request: RunRequest
    run: Run | PlainRun
    messages: list[ChatMessage]
    decisions: dict[str, Decision] | None = None

    def context(self) -> RunContext:
        """Whose spans those of the run are."""
        run = self.run
        return RunContext(
            str(run.tenant_id), str(run.id), str(run.user_id) if run.user_id else None,
            self.request.agent, run.adapter, str(run.conversation_id) if run.conversation_id else None,
        )  # fmt: skip

    @property
    def asked_by(self) -> str:
        """Whose the run is and who pays for it, whoever decided about its calls meanwhile."""
        resume = None if self.decisions is None or isinstance(self.run, PlainRun) else self.run.resume
        return str((resume or {}).get("asked_by") or self.actor.label)

    def first_state(self) -> dict[str, Any]:
        """What the graph begins with."""
        run = self.run
        return {
            "messages": self.messages, "citations": [], "steps": run.steps, "input_tokens": run.input_tokens,
            "output_tokens": run.output_tokens, "stop_reason": "", "finish_reason": "",
        }  # fmt: skip

    def failed(self, state: dict[str, Any], spent: Spent, error: Exception) -> RunEnded:
        """The end of the run that an error came between, or its time limit."""
        late = isinstance(error, TimeoutError)
        reached = {**state, **asdict(spent), "stop_reason": "max_seconds" if late else "error"}
        ended = ended_as(self.run, reached, len(self.messages))
        if late:
            return ended
        if isinstance(error, WhorlError):
            return failed_by(ended, error)
        return failed_by(ended, away() if isinstance(error, AWAY) else WhorlError(FAULT))

    def parent(self) -> Context | None:
        """The root span of the stretch before, so that a run stays one trace."""
        if self.decisions is None:
            return None
        assert isinstance(self.run, Run)
        return _root_of(self.run)


def resumption_of(execution: Execution, root: int) -> dict[str, Any]:
    """What must be known to go on with a run besides its checkpoint; ``given``: messages before the model spoke."""
    request, given = execution.request, len(execution.messages)
    return {
        "asked_by": execution.asked_by,
        "sampling": asdict(request.sampling), "answer_tokens": request.answer_tokens, "approve": request.approve,
        "keep": request.keep, "given": given, "span_id": root,
    }  # fmt: skip


def request_of(run: Run) -> tuple[RunRequest, int]:
    """The request of a run that waited, its question left empty, and its ``given``."""
    kept = dict(run.resume or {})
    sampling = {**kept["sampling"], "stop": tuple(kept["sampling"]["stop"])}
    request = RunRequest(
        "", run.conversation_id, run.agent, run.adapter or "", Sampling(**sampling), keep=kept["keep"],
        answer_tokens=kept["answer_tokens"], approve=kept["approve"],
    )  # fmt: skip
    return request, kept["given"]


def _root_of(run: Run) -> Context:
    """The context of a run's first root span, which ended in another stretch or process."""
    span_id = (run.resume or {})["span_id"]
    flags = TraceFlags(TraceFlags.SAMPLED)
    root = SpanContext(int(run.trace_id, 16), span_id, is_remote=True, trace_flags=flags)
    return trace.set_span_in_context(NonRecordingSpan(root))


def tags_of(request: RunRequest, choice: Choice) -> list[str]:
    """The tags of a run: those asked for, its trial's, and whether no quota counts it."""
    trial = [trial_tag(choice.trial_id)] if choice.trial_id else []
    return [*request.tags, *trial, *([] if request.metered else [UNMETERED_TAG])]


def key_of(actor: Actor, request: RunRequest, conversation_id: uuid.UUID | None) -> str:
    """What stands for a conversation; where none is kept, whose first words began it."""
    if conversation_id is not None:
        return str(conversation_id)
    said = [str(m.get("content") or "") for m in request.history if m["role"] == "user"]
    return f"{actor.label}:{(said or [request.question])[0]}"
