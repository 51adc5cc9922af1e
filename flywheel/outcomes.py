"""Outcomes: what became of a run, as ``(kind, value, source, weight)``."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol, get_args

import anyio.to_thread
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.database.base import new_id, now
from ..platform.database.conditions import one_of
from ..platform.errors import InputError, LimitError, NotFoundError
from ..platform.telemetry.redaction.redactor import Redactor
from . import call_edits
from .tables import Outcome

Kind = Literal["thumb", "score", "edit", "retry", "approval", "verdict", "judge", "comment", "call_edit"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# What an outcome says where it gives no value: that a run was asked for again says that its answer was not wanted.
VALUES: dict[Kind, float] = {kind: 0.0 if kind == "retry" else 1.0 for kind in KINDS}
STARS = 5
_MAX_TEXT = 20_000
# Sources that are no people: whoever sets them up answers for them.
MACHINES = ("verifier:", "judge:", "import:", "evaluation:")
MOST_PER_HOUR = 1000
# Where the details of a retry name the run that took the place of its own.
REPLACED_BY = "replaced_by"
# Where the details of a thumb say when a later one took its place.
REPLACED_AT = "replaced_at"


def value_of(kind: Kind, value: float | None = None, stars: int | None = None) -> float:
    """The value of an outcome, 0 to 1: as given, or a rating of 1 to ``STARS`` stars, or by its kind.

    >>> value_of("thumb"), value_of("retry"), value_of("score", stars=4)
    (1.0, 0.0, 0.75)

    Raises InputError for a value and stars at once, and for stars of anything but a score.
    """
    if stars is None:
        return VALUES[kind] if value is None else value
    if value is not None or kind != "score":
        raise InputError("Stars are the value of a score: leave the value out, and say score.", "stars")
    if not 1 <= stars <= STARS:
        raise InputError(f"A rating has 1 to {STARS} stars, not {stars}.", "stars")
    return (stars - 1) / (STARS - 1)


def is_person(source: str) -> bool:
    """Whether a source is somebody with an opinion, and not a program of the workspace.

    >>> is_person("user:ann@arnby.example"), is_person("verifier:numeric")
    (True, False)
    """
    return not source.startswith(MACHINES)


class Opinion(Protocol):
    """An outcome as far as a reward needs it."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def weight(self) -> float: ...
    @property
    def source(self) -> str: ...
    @property
    def step(self) -> int | None: ...


def reward_of(opinions: Iterable[Opinion]) -> float | None:
    """The weighted mean of what each source thinks of a run, or None where nobody judged it.

    A source that judges often is heard once, with the mean of what it said and its greatest weight. What is said of
    single steps is none of the run's.
    """
    sources: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        whole = opinion.step is None and opinion.kind not in ("edit", "comment", call_edits.KIND)
        if whole and opinion.weight > 0:
            sources.setdefault(opinion.source, []).append(opinion)
    if not sources:
        return None
    heard = [(max(o.weight for o in said), _mean(said)) for said in sources.values()]
    return sum(weight * value for weight, value in heard) / sum(weight for weight, _ in heard)


def _mean(said: list[Opinion]) -> float:
    return sum(o.value * o.weight for o in said) / sum(o.weight for o in said)


@dataclass(frozen=True)
class Feedback:
    """One outcome before it is stored.

    ``value`` is 1 for good and 0 for bad; scores and judges may lie between. An ``edit`` carries
    the corrected answer in ``text``, a ``comment`` its words, a ``call_edit`` the tool call that belongs
    in place of the model's turn ``step`` (from 0), as JSON with ``name`` and ``arguments``. With a ``step`` any other
    outcome is of that turn alone. A ``retry`` says that the answer was not wanted; the run ``replaced_by`` was asked
    the same question in its place.
    """

    kind: Kind
    value: float
    source: str
    weight: float = 1.0
    text: str | None = None
    span_id: str | None = None
    step: int | None = None
    replaced_by: uuid.UUID | None = None

    def check(self) -> None:
        """Raise InputError for values that no outcome can have."""
        if self.kind not in KINDS:
            raise InputError(f"There is no outcome {self.kind!r}. Kinds are {', '.join(KINDS)}.")
        if not 0 <= self.value <= 1:
            raise InputError(f"The value of an outcome lies between 0 and 1, not {self.value}.")
        if self.kind in ("edit", "comment") and not (self.text or "").strip():
            raise InputError(f"An outcome of kind {self.kind} needs a text.")
        if self.kind == call_edits.KIND:
            call_edits.parse_edit(self.text, self.step or 0)
        if self.kind == "edit" and self.step is not None:
            raise InputError("An edit is of the answer; a turn's call is corrected by a call_edit.", "step")
        if self.kind == "retry" and (self.value > 0.5 or self.step is not None):
            raise InputError(
                "A retry says that the answer was not wanted: leave out its value and its step.", "value"
            )
        if self.replaced_by is not None and self.kind != "retry":
            raise InputError("Only a retry is replaced by another run.", "replaced_by")
        if self.text and len(self.text) > _MAX_TEXT:
            raise InputError(f"The text has {len(self.text)} characters; at most {_MAX_TEXT} are kept.")


async def record_outcome(
    session: AsyncSession,
    tenant_id: uuid.UUID,
    run_id: uuid.UUID,
    feedback: Feedback,
    redactor: Redactor,
    details: dict[str, Any] | None = None,
    question: str | None = None,
    outcome_id: uuid.UUID | None = None,
) -> Outcome:
    """Store an outcome, its text redacted by the run's own placeholders.

    A newer thumb of the same source on the same thing replaces the older, which stays for what is read as of before.
    ``question`` is what the run was asked, word for word, where no conversation keeps it: a corrected
    call is redacted by it as the run was. ``outcome_id`` names an outcome that is told more than once: the
    first stays.

    Raises NotFoundError when the tenant has no such run, LimitError when a person has given
    ``MOST_PER_HOUR`` outcomes within the hour.
    """
    feedback.check()
    if await session.get(Run, (tenant_id, run_id)) is None:
        raise NotFoundError(f"There is no run {run_id} in this workspace.")
    known = await session.get(Outcome, (tenant_id, outcome_id)) if outcome_id else None
    if known is not None:
        return known
    if is_person(feedback.source):
        await _check_rate(session, feedback.source)
    if feedback.kind == "thumb":
        await _replace_thumbs(session, run_id, feedback)
    details = details or {}
    if feedback.kind == call_edits.KIND:
        edit = call_edits.parse_edit(feedback.text, feedback.step or 0)
        text = await call_edits.hide_edit(session, tenant_id, run_id, edit, redactor, question)
        details = {**details, "step": feedback.step or 0}
    else:
        text = feedback.text or ""
        if text:
            hide = await call_edits.hiding_of(session, tenant_id, run_id, redactor, question)
            text = await anyio.to_thread.run_sync(hide, text)
    if feedback.step is not None:
        details = {**details, "step": feedback.step}
    if feedback.replaced_by is not None:
        details = {**details, REPLACED_BY: str(feedback.replaced_by)}
    outcome = Outcome(
        tenant_id=tenant_id, id=outcome_id or new_id(), run_id=run_id, span_id=feedback.span_id, kind=feedback.kind,
        value=feedback.value, source=feedback.source, weight=feedback.weight,
        text=text or None, details=details,
    )  # fmt: skip
    session.add(outcome)
    await session.flush()
    return outcome


async def _replace_thumbs(session: AsyncSession, run_id: uuid.UUID, thumb: Feedback) -> None:
    """Note of the thumbs that one takes the place of when it did."""
    earlier = select(Outcome).where(
        Outcome.run_id == run_id, Outcome.kind == "thumb", Outcome.source == thumb.source, in_force(),
        Outcome.span_id.is_not_distinct_from(thumb.span_id),
        Outcome.details["step"].as_integer().is_not_distinct_from(thumb.step),
    )  # fmt: skip
    for old in await session.scalars(earlier.with_for_update()):
        old.details = {**old.details, REPLACED_AT: now().isoformat()}


def in_force() -> ColumnElement[bool]:
    """The condition of outcomes that no later one has taken the place of."""
    replaced: ColumnElement[bool] = Outcome.details.has_key(REPLACED_AT)
    return ~replaced


def _held_at(outcome: Outcome, as_of: datetime) -> bool:
    """Whether an outcome was said by a moment, and nothing had taken its place."""
    replaced = outcome.details.get(REPLACED_AT)
    return outcome.created_at <= as_of and (replaced is None or datetime.fromisoformat(replaced) > as_of)


async def _check_rate(session: AsyncSession, source: str) -> None:
    lately = Outcome.created_at > now() - timedelta(hours=1)
    given = await session.scalar(
        select(func.count()).select_from(Outcome).where(Outcome.source == source, lately)
    )
    if (given or 0) >= MOST_PER_HOUR:
        raise LimitError(
            f"{source} has given {given} outcomes within an hour; at most {MOST_PER_HOUR} are taken. "
            "Come back later; a program that judges runs gives its name as such.",
            retry_after=3600.0,
        )


class Said(NamedTuple):
    """An outcome as far as a reward needs it, without its words."""

    kind: str
    value: float
    weight: float
    source: str
    step: int | None = None


async def opinions_of(session: AsyncSession, run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Said]]:
    """What was said of runs, each list in the order it came; nothing else is read."""
    found: dict[uuid.UUID, list[Said]] = {}
    said = select(
        Outcome.run_id, Outcome.kind, Outcome.value, Outcome.weight, Outcome.source,
        Outcome.details["step"].as_integer(),
    )  # fmt: skip
    rows = await session.execute(said.where(one_of(Outcome.run_id, run_ids), in_force()).order_by(Outcome.id))
    for run_id, *opinion in rows:
        found.setdefault(run_id, []).append(Said(*opinion))
    return found


async def replacements(session: AsyncSession, as_of: datetime) -> set[uuid.UUID]:
    """The runs that had taken the place of others by ``as_of``."""
    taken = select(Outcome.details[REPLACED_BY].astext).where(
        Outcome.kind == "retry", Outcome.created_at <= as_of, Outcome.details.has_key(REPLACED_BY)
    )
    return {uuid.UUID(run) for run in await session.scalars(taken)}


async def outcomes_of(
    session: AsyncSession, run_ids: list[uuid.UUID], as_of: datetime | None = None
) -> dict[uuid.UUID, list[Outcome]]:
    """The outcomes that held at a moment, by default now, by run, each list in the order they came."""
    found: dict[uuid.UUID, list[Outcome]] = {}
    moment = as_of or now()
    rows = await session.scalars(select(Outcome).where(one_of(Outcome.run_id, run_ids)).order_by(Outcome.id))
    for outcome in rows:
        if _held_at(outcome, moment):
            found.setdefault(outcome.run_id, []).append(outcome)
    return found
