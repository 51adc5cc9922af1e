"""Configuration, read once from ``WHORL_*`` into one frozen object and then passed as arguments."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import InputError

PREFIX = "WHORL_"


class Settings(BaseModel):
    """All settings; the environment name of ``data_dir`` is ``WHORL_DATA_DIR`` and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path(".whorl"), description="Everything Whorl stores on this machine.")
    database_url: str | None = Field(
        None,
        description="PostgreSQL >= 15 with pgvector, as the application role; unset: embedded.",
    )
    database_admin_url: str | None = Field(
        None, description="The owner of the schema, for migrations; unset with database_url: others migrate."
    )
    host: str = Field("127.0.0.1", description="Address that whorl serve listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that whorl serve listens on.")
    public_url: str | None = Field(
        None, description="Address that users type, for cookies, sign-on and links that are handed on."
    )
    secret_key: str | None = Field(
        None, repr=False, description="Keys that seal stored secrets, comma separated, newest first."
    )
    secret_key_file: Path | None = Field(
        None, description="File with those keys; neither set: <data_dir>/secret.key, made when missing."
    )
    operator_token: str | None = Field(
        None, repr=False, description="Token of the platform's operator, for /api/operator and /metrics."
    )
    operator_token_file: Path | None = Field(
        None, description="File with that token; neither set: no operator over HTTP."
    )
    sso_private: bool = Field(
        False, description="Let sign-on providers be without TLS and on private addresses."
    )
    model_url: str | None = Field(
        None, description="Base URL of OpenAI-compatible servers, comma separated; unset: embedded."
    )
    model_key: str | None = Field(None, description="Bearer key for the model servers.")
    model_name: str | None = Field(
        None, description="Base model to ask for; unset: the first one that the server lists."
    )
    model_concurrency: int = Field(
        64, ge=1, description="Calls that one model server answers at once; for more, tenants take turns."
    )
    model_wait_seconds: float = Field(
        30.0,
        gt=0,
        description="Until a model server's first byte of a reply before another is asked; at most half of a run's time.",
    )
    judge_key: str | None = Field(
        None, description="Bearer key for the server that whorl judge --server names."
    )
    engine: Literal["embedded", "vllm"] = Field(
        "embedded", description="What whorl serve runs the model with where model_url is unset."
    )
    vllm_python: Path | None = Field(
        None, description="Interpreter that has vLLM; unset: the one that runs Whorl."
    )
    vllm_port: int = Field(8001, ge=1, le=65535, description="Local port of the vLLM that whorl serve runs.")
    vllm_quantization: str | None = Field(
        None, description="How the weights are quantised, as vLLM names it."
    )
    vllm_speculative: str | None = Field(None, description="vLLM's speculative decoding, as JSON.")
    vllm_prefix_caching: bool = Field(True, description="Whether vLLM keeps what prompts have in common.")
    vllm_kv_cache_type: str = Field("auto", description="Type of vLLM's KV cache, such as fp8.")
    vllm_lora_slots: int | None = Field(
        None,
        ge=1,
        le=512,
        description="Adapters that vLLM answers with at once; unset: those in use and two more.",
    )
    vllm_lora_rank: int = Field(64, ge=1, le=512, description="Largest rank of adapters in vLLM.")
    vllm_context: int | None = Field(None, ge=256, description="Longest context in vLLM, tokens.")
    vllm_arguments: str = Field("", description="More arguments for vLLM, as in a shell.")
    model_dir: Path | None = Field(
        None,
        description="Hugging Face folder that the embedded engine runs; unset: the seed model.",
    )
    rehearsal: Path | None = Field(
        None, description="Rows of the base's former tasks for SFT to rehearse; unset: the model's own."
    )
    adapter_dir: Path | None = Field(
        None, description="Where model servers see adapter folders; unset: <data_dir>/adapters."
    )
    embedder: str = Field(
        "minilm", description="minilm, hashing, or a sentence-transformers folder or hub id."
    )
    reranker: str = Field(
        "late-interaction",
        description="late-interaction, identity, or a cross-encoder folder or id.",
    )
    mcp_config: Path | None = Field(
        None,
        description="JSON file with mcpServers, as other MCP clients write it; see the chapter MCP servers.",
    )
    prices: Path | None = Field(
        None, description="JSON file of what models cost, US dollars for a million tokens."
    )
    max_steps: int = Field(6, ge=1, le=100, description="Model calls in one run.")
    max_run_tokens: int = Field(16_384, ge=64, description="Tokens read and written in one run of an agent.")
    max_run_seconds: float = Field(120.0, gt=0, description="Wall time of one run, seconds.")
    max_answer_tokens: int | None = Field(
        None, ge=1, description="Tokens of one reply to an agent; unset: 256 of the seed model, else 2,048."
    )
    approval_days: int = Field(
        7, ge=1, le=36_500, description="Days that a run waits for a person before it is ended as expired."
    )
    search_passages: int | None = Field(
        None, ge=1, le=50, description="Passages that a search shows; unset: 1 for the seed model, else 4."
    )
    search_sentences: int | None = Field(
        None,
        ge=0,
        description="Best sentences shown of each passage, 0 shows it whole; unset: 1 for the seed model, else 0.",
    )
    worker: Literal["inline", "external"] = Field(
        "inline", description="Run background jobs inside serve, or in whorl worker processes."
    )
    screen_captured: bool = Field(
        True,
        description="Whether what tools returned to runs is screened soon after they end, not only when a dataset is built.",
    )
    background_priority: Literal["last", "normal"] = Field(
        "last",
        description="Priority of dataset builds and screening: last of all, or normal, where the processors are always busy.",
    )
    drain_seconds: float = Field(
        30.0, ge=0, description="How long open answers may go on when whorl serve is told to stop."
    )
    job_drain_seconds: float = Field(
        30.0,
        ge=0,
        description="How long jobs may go on when their worker is told to stop; then they go back to the queue.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How whorl serve and whorl worker log: lines of text, or one JSON object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="From which level on Whorl's own notices are logged; those of libraries from warning on.",
    )
    max_upload_mb: int = Field(50, ge=1, description="Largest document that is accepted, MiB.")
    max_body_mb: int = Field(
        8, ge=1, description="Largest body of any other request, MiB: chats, questions, settings."
    )
    ingest_body_mb: int = Field(16, ge=1, description="Largest body of spans from outside, unpacked, MiB.")
    ingest_backlog_mb: int = Field(
        512, ge=1, description="Spans that may wait to be stored before senders are told to come back, MiB."
    )
    export_url: str | None = Field(
        None,
        description="OTLP/HTTP address of a collector that is sent all stored spans, which are redacted.",
    )
    export_headers: str = Field(
        "",
        description="Headers for the collector, as OpenTelemetry writes them: name=value, comma separated.",
    )
    metrics_port: int | None = Field(
        None, ge=1, le=65535,
        description="Port at which a worker tells its metrics, without a key: keep it inside your network.",
    )  # fmt: skip
    tracing_url: str | None = Field(
        None,
        description="OTLP/HTTP address of a collector that is sent the platform's own spans, without content.",
    )
    tracing_headers: str = Field("", description="Headers for it, as WHORL_EXPORT_HEADERS has them.")
    evaluation_weight: float = Field(
        0.25, ge=0, le=1, description="Weight of an evaluation that comes with spans from outside."
    )
    max_record_mb: int = Field(8, ge=1, description="Largest line of a JSON lines file, MiB.")
    threads: int = Field(0, ge=0, description="Threads of the embedded model; 0: all cores.")

    def path(self, *parts: str) -> Path:
        """A path below the data directory, its parent made if missing."""
        path = self.data_dir.expanduser().resolve().joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def shown_sentences(self) -> int:
        """Sentences shown of each passage: the seed model reads one, other models the whole passage."""
        if self.search_sentences is not None:
            return self.search_sentences
        return 1 if self.seed_model else 0

    @property
    def shown_passages(self) -> int:
        """Passages that a search shows; of several the seed model picks worse than the ranking, see its card."""
        return self.search_passages or (1 if self.seed_model else 4)

    @property
    def answer_tokens(self) -> int:
        """Tokens of one reply to an agent; the seed model's are a sentence, and its context is short."""
        return self.max_answer_tokens or (256 if self.seed_model else 2048)

    @property
    def seed_model(self) -> bool:
        """Whether the model is the small one that comes in the package."""
        return self.model_url is None and self.model_dir is None

    @property
    def adapters(self) -> Path:
        """The folder that holds one folder per adapter."""
        return (self.adapter_dir or self.data_dir / "adapters").expanduser().resolve()

    @property
    def site(self) -> str:
        """The address that users type, without a slash at its end, as far as the command line knows it."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies are marked Secure however a request came: yes when users come through https."""
        return (self.public_url or "").startswith("https://")


def load_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Settings from the environment; ``overrides`` that are not None win.

    Raises InputError for an unknown ``WHORL_*`` name or a value that is not allowed.
    """
    environ = os.environ if environ is None else environ
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    for name in given:
        if name not in known:
            raise InputError(f"Unknown setting {name}.{_suggestion(name, list(known))}")
    values: dict[str, object] = {known[name]: value for name, value in given.items() if value}
    values.update({name: value for name, value in overrides.items() if value is not None})
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}" if first["loc"] else "settings"
        raise InputError(
            f"{name} is {first.get('input')!r}: {first['msg'].lower()}. Change or unset it."
        ) from error
    if settings.database_url and not settings.database_url.startswith(("postgresql://", "postgres://")):
        raise InputError(
            f"WHORL_DATABASE_URL must start with postgresql://, not "
            f"{settings.database_url.split(':')[0]!r}. Whorl runs on PostgreSQL only."
        )
    return settings


def _suggestion(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else " See docs/operations.md for the list."
