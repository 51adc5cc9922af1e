"""Tables of the flywheel: outcomes, quarantine, dataset versions, trainings, evaluations, shadows."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from ..platform.database.base import Base, TenantTable, new_id, now


class Outcome(TenantTable, Base):
    """What became of a run or of one of its steps: ``(kind, value, source, weight)``.

    ``text`` is a corrected answer or a comment, redacted like a span.
    """

    __tablename__ = "outcomes"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "run_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    run_id: Mapped[uuid.UUID]
    span_id: Mapped[str | None]
    kind: Mapped[str]
    value: Mapped[float]
    source: Mapped[str]
    weight: Mapped[float] = mapped_column(default=1.0)
    text: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def step(self) -> int | None:
        """The model's turn that it is about, from 0; None for the whole run."""
        step: int | None = self.details.get("step")
        return step


class WaitingEvaluation(TenantTable, Base):
    """An evaluation that came as a log event before the run of its trace did, redacted like a span.

    ``id`` is the outcome's that it becomes.
    """

    __tablename__ = "waiting_evaluations"
    __table_args__ = (Index(None, "tenant_id", "trace_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    trace_id: Mapped[str]
    span_id: Mapped[str | None]
    attributes: Mapped[dict[str, Any]]
    came_at: Mapped[datetime] = mapped_column(default=now)


class Quarantine(TenantTable, Base):
    """A run that screening flagged; ``state`` is held, released or confirmed.

    ``decisions`` keeps every change with its moment, so that a manifest can be built again as it was.
    """

    __tablename__ = "quarantine"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "state"),
    )

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="held")
    held_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[str]
    findings: Mapped[list[Any]] = mapped_column(default=list)
    decisions: Mapped[list[Any]] = mapped_column(default=list)


class Screening(TenantTable, Base):
    """What the results of a run's tools looked like to a version of the screens; see ``screening/looks.py``."""

    __tablename__ = "screenings"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"),
    )

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[str]
    digest: Mapped[str]
    looks: Mapped[list[Any]]
    screened_at: Mapped[datetime] = mapped_column(default=now)


class SourceHistory(TenantTable, Base):
    """What one tool gave to screened runs, in numbers; see ``screening/anomaly.py``."""

    __tablename__ = "source_histories"

    tool: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger)
    longest: Mapped[int] = mapped_column(BigInteger)
    ordered: Mapped[bool]
    mean: Mapped[float]
    squares: Mapped[float]
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Dataset(TenantTable, Base):
    """A dataset version: its manifest, and where its bytes lie.

    The ids of its runs may be a million: ``manifest`` leaves them out and ``runs`` is their number;
    ``manifests.runs_of_dataset`` gives them. The column, ``whole_manifest``, has all and is not read unasked.
    """

    __tablename__ = "datasets"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    format: Mapped[str]
    rows: Mapped[int]
    held_out_rows: Mapped[int]
    content_hash: Mapped[str]
    whole_manifest: Mapped[dict[str, Any]] = mapped_column("manifest", JSONB, deferred=True)
    manifest: Mapped[dict[str, Any]] = column_property(
        whole_manifest.op("-", return_type=JSONB())("runs").label("known")
    )
    runs: Mapped[int] = column_property(
        func.coalesce(func.jsonb_array_length(whole_manifest["runs"]), 0).label("runs")
    )
    folder: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)


class EvaluationSet(TenantTable, Base):
    """The questions of an evaluation that datasets were checked against, by the digest that manifests name; redacted."""

    __tablename__ = "evaluation_sets"

    digest: Mapped[str] = mapped_column(primary_key=True)
    questions: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class DatasetRun(TenantTable, Base):
    """A run of a dataset, for what asks which dataset a run is in: a trigger keeps them as the manifests have them."""

    __tablename__ = "dataset_runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "dataset_id"], ["datasets.tenant_id", "datasets.id"], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "dataset_id"),
    )

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    dataset_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class Training(TenantTable, Base):
    """A training job; ``status`` is queued, running, succeeded, failed or cancelled.

    ``continues`` is the adapter that its own begins as, None for one that begins as the base.
    """

    __tablename__ = "trainings"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    method: Mapped[str]
    dataset_id: Mapped[uuid.UUID]
    status: Mapped[str] = mapped_column(default="queued")
    adapter: Mapped[str | None]
    continues: Mapped[str | None]
    error: Mapped[str | None]
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class Evaluation(TenantTable, Base):
    """An adapter measured against the base on held-out questions; ``adapter`` NULL is the base."""

    __tablename__ = "evaluations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    adapter: Mapped[str | None]
    suite: Mapped[str]
    report: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Receipt(TenantTable, Base):
    """What an erasure or a recall took away; a person is named by a hash alone."""

    __tablename__ = "receipts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    subject: Mapped[str]
    actor: Mapped[str]
    counts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Retention(TenantTable, Base):
    """How many days a tenant's runs and conversations are kept; NULL for ever."""

    __tablename__ = "retentions"

    run_days: Mapped[int | None]
    conversation_days: Mapped[int | None]
    changed_at: Mapped[datetime] = mapped_column(default=now)


class ConsentRule(TenantTable, Base):
    """Whose runs a tenant learns from; see ``consent.py``."""

    __tablename__ = "consent_rules"

    rule: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Consent(TenantTable, Base):
    """What a person says of training on their runs: a member, or a user of another program by pseudonym."""

    __tablename__ = "consents"

    person: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    training: Mapped[bool]
    changed_at: Mapped[datetime] = mapped_column(default=now)


class Shadow(TenantTable, Base):
    """A live run that a candidate answered, too, unseen: whether both ended alike, and in the same words."""

    __tablename__ = "shadows"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE", name="fk_shadows_run_id"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "shadow_run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE",
            name="fk_shadows_shadow_run_id",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "trial_id"], ["trials.tenant_id", "trials.id"], ondelete="CASCADE",
            name="fk_shadows_trial_id",
        ),
        Index(None, "tenant_id", "trial_id"),
    )  # fmt: skip

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    trial_id: Mapped[uuid.UUID]
    shadow_run_id: Mapped[uuid.UUID]
    agrees: Mapped[bool]
    same_words: Mapped[bool]
