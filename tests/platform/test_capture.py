"""The write barrier: nothing personal leaves memory, and nothing acknowledged is lost."""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from tests.conftest import Actor, Addresses, Settings, Whorl
from tests.needles import found_in, in_files, in_tables
from whorl.agents.runs import RunRequest
from whorl.agents.toolbox import Toolbox
from whorl.agents.tools.base import Observation, Tool, ToolContext
from whorl.flywheel.datasets import create_dataset
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.platform.app import open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import PrerequisiteError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.telemetry import capture as capturing
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry import drain, wal
from whorl.platform.telemetry.capture import (
    FAILURES,
    Capture,
    RunContext,
    redact_all_or_drop,
    redact_or_drop,
    run_context,
)
from whorl.platform.telemetry.drain import DAMAGED, Drain
from whorl.platform.telemetry.record import SpanRecord
from whorl.platform.telemetry.redaction.patterns import PatternDetector
from whorl.platform.telemetry.redaction.placeholders import Placeholders
from whorl.platform.telemetry.redaction.redactor import Redactor
from whorl.platform.telemetry.redaction.walk import visit_json
from whorl.platform.telemetry.store import dump_records, load_records, spans_of_run
from whorl.platform.telemetry.tables import Span
from whorl.platform.telemetry.wal import WriteAheadLog
from whorl.retrieval.load.base import LoadedDocument

EMAIL, CARD, NAME = "zuzanna.kowalczyk@planted.example", "4111 1111 1111 1111", "Zuzanna Kowalczyk"
NEEDLES = (EMAIL, CARD, CARD.replace(" ", ""), NAME, NAME.split()[1])
# Conversations and documents are operational data and keep what users wrote.
OPERATIONAL = {"conversations", "messages", "documents", "chunks", "users", "collections", "checkpoints",
               "checkpoint_blobs", "checkpoint_writes"}  # fmt: skip


def a_span(**attributes: Any) -> SpanRecord:
    return SpanRecord(
        tenant_id="00000000-0000-7000-8000-000000000000", trace_id="a" * 32, span_id=os.urandom(8).hex(),
        parent_span_id=None, run_id=None, name="chat m", operation="chat", start_ns=1, end_ns=2, status="ok",
        status_message="", user_id=None, agent="default", adapter=None, attributes=attributes, events=[],
    )  # fmt: skip


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([PatternDetector()])


async def test_planted_values_are_nowhere_but_in_operational_data(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged, append = list[bytes](), whorl.capture.log.append
    monkeypatch.setattr(
        whorl.capture.log, "append", lambda payloads: (logged.extend(payloads), append(payloads))
    )
    text = f"The contact for invoices is {NAME}, {EMAIL}. Refunds go to the card {CARD}."
    async for _ in whorl.library.ingest(
        acme.tenant_id, [LoadedDocument("c.md", "Contacts", text, "text/plain")]
    ):
        pass
    question = f"My name is {NAME}, my mail is {EMAIL} and my card {CARD}. Who is the contact for invoices?"
    ended = await whorl.agents.answer(acme, RunRequest(question))
    assert NAME in ended.answer, "the user still gets the whole answer"
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        for feedback in (
            Feedback("thumb", 1.0, "tester"),
            Feedback("edit", 1.0, "tester", text=f"Write to {NAME} at {EMAIL}, card {CARD}. [1]"),
        ):
            await record_outcome(session, acme.tenant_id, ended.run_id, feedback, whorl.redactor)
    written = b"".join(logged).decode()
    assert "invoke_agent" in written, "the run was in the write-ahead log"
    assert found_in(written, NEEDLES) == []
    await whorl.flush()
    for format in ("sft", "kto", "dpo"):
        await create_dataset(
            whorl.engine, acme.tenant_id, whorl.settings.path("datasets"), format, held_out=0.0
        )
    found = [
        *in_files(whorl.settings.data_dir, NEEDLES),
        *in_tables(whorl.addresses.admin, NEEDLES, but=OPERATIONAL),
    ]
    assert not found, found
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        spans = await spans_of_run(session, ended.run_id)
    assert any("<EMAIL_ADDRESS_1>" in json.dumps(span.attributes) for span in spans)
    assert any("<PERSON_1>" in json.dumps(span.attributes) for span in spans)


def test_one_value_has_one_placeholder_in_all_spans(redactor: Redactor) -> None:
    spans = [
        a_span(**{c.TOOL_RESULT: f"write to {EMAIL} or other@planted.example"}),
        a_span(
            **{
                c.INPUT_MESSAGES: json.dumps(
                    [{"role": "user", "parts": [{"content": f"I am {EMAIL.upper()}"}]}]
                )
            }
        ),
    ]
    redactor.redact_run(spans)
    assert spans[0].attributes[c.TOOL_RESULT] == "write to <EMAIL_ADDRESS_1> or <EMAIL_ADDRESS_2>"
    assert (
        json.loads(spans[1].attributes[c.INPUT_MESSAGES])[0]["parts"][0]["content"]
        == "I am <EMAIL_ADDRESS_1>"
    )
    assert spans[0].redactions == {"EMAIL_ADDRESS": 2}


def test_tool_arguments_stay_json_and_token_ids_go_when_text_was_altered(redactor: Redactor) -> None:
    altered = a_span(
        **{c.TOOL_ARGUMENTS: json.dumps({"to": EMAIL, "n": 4111111111111111}), c.OUTPUT_TOKEN_IDS: [1]}
    )
    plain = a_span(**{c.TOOL_ARGUMENTS: '{"q": "tides"}', c.OUTPUT_TOKEN_IDS: [1, 2]})
    redactor.redact_run([altered, plain])
    assert json.loads(altered.attributes[c.TOOL_ARGUMENTS]) == {
        "to": "<EMAIL_ADDRESS_1>",
        "n": "<CREDIT_CARD_1>",
    }
    assert c.OUTPUT_TOKEN_IDS not in altered.attributes
    assert plain.attributes[c.OUTPUT_TOKEN_IDS] == [1, 2]
    assert plain.attributes[c.TOOL_ARGUMENTS] == '{"q": "tides"}'


def test_keys_events_names_and_errors_are_redacted(redactor: Redactor) -> None:
    span = a_span(**{f"user {EMAIL}": "x", "exception.message": f"no route to {EMAIL}"})
    span.name, span.status_message = f"execute_tool {EMAIL}", f"failed for {EMAIL}"
    span.events = [{"name": "e", "at_ns": 1, "attributes": {"exception.stacktrace": f'open("{EMAIL}")'}}]
    redactor.redact_run([span])
    assert EMAIL not in dump_records([span]).decode()


def test_nested_json_text_stays_json(redactor: Redactor) -> None:
    inner = json.dumps({"mail": EMAIL})
    value = visit_json(
        {"body": inner, "list": [1, True, None, EMAIL]}, lambda text: redactor.redact_text(text)
    )
    assert json.loads(value["body"]) == {"mail": "<EMAIL_ADDRESS_1>"}
    assert value["list"] == [1, True, None, "<EMAIL_ADDRESS_1>"]


def test_placeholders_are_not_redacted_again(redactor: Redactor) -> None:
    once = redactor.redact_text(f"mail {EMAIL}")
    assert redactor.redact_text(once, Placeholders()) == once


def test_runs_that_are_redacted_together_are_redacted_as_each_by_itself(redactor: Redactor) -> None:
    texts = [f"Mail {EMAIL} and {EMAIL.upper()}.", "Nothing.", f"Card {CARD} of bob@planted.example.", ""]
    together, alone = ([[a_span(text=text, again=[text])] for text in texts] for _ in range(2))
    redactor.redact_runs(together)
    for records in alone:
        redactor.redact_run(records)
    for [one], [other] in zip(together, alone, strict=True):
        assert (one.attributes, one.redactions, one.redaction_policy) == (
            other.attributes, other.redactions, other.redaction_policy,
        )  # fmt: skip
    assert together[0][0].attributes["text"] == "Mail <EMAIL_ADDRESS_1> and <EMAIL_ADDRESS_1>."
    assert together[2][0].attributes["text"] == "Card <CREDIT_CARD_1> of <EMAIL_ADDRESS_1>."


def test_where_one_of_several_runs_fails_only_its_content_goes() -> None:
    class Unlucky:
        name = "unlucky"

        def find(self, texts: list[str]) -> list[Any]:
            if any("13" in text for text in texts):
                raise ValueError(texts[0])
            return [[] for _ in texts]

    runs = [[a_span(text=text)] for text in ("12", "13", "14")]
    before = FAILURES._value.get()
    redact_all_or_drop(Redactor([Unlucky()]), runs)
    assert [records[0].attributes for records in runs] == [{"text": "12"}, {}, {"text": "14"}]
    assert [records[0].content_dropped for records in runs] == [False, True, False]
    assert FAILURES._value.get() == before + 1


def test_where_redaction_fails_structure_stays_and_content_goes() -> None:
    class Broken:
        name = "broken"

        def find(self, texts: list[str]) -> list[Any]:
            raise RuntimeError("no")

    before = FAILURES._value.get()
    span = a_span(**{c.INPUT_MESSAGES: f'["{EMAIL}"]', c.INPUT_TOKENS: 5})
    redact_or_drop(Redactor([Broken()]), [span])
    assert span.content_dropped
    assert span.attributes == {c.INPUT_TOKENS: 5}
    assert EMAIL not in dump_records([span]).decode()
    assert FAILURES._value.get() == before + 1
    named = {
        c.SOURCE: "otlp",
        c.REQUEST_MODEL: "gpt-9",
        c.AGENT_NAME: f"Agent of {EMAIL}",
        c.TOOL_NAME: [EMAIL, "find"],
    }
    scored = {c.EVALUATION_NAME: "Relevance", c.EVALUATION_VALUE: 0.5, c.EVALUATION_EXPLANATION: EMAIL}
    foreign = a_span(**{**named, **scored, c.SEED: 4_111_111_111_111_111})
    redact_or_drop(Redactor([Broken()]), [foreign])
    assert foreign.attributes == {
        c.SOURCE: "otlp", c.REQUEST_MODEL: "gpt-9", c.EVALUATION_NAME: "Relevance", c.EVALUATION_VALUE: 0.5,
    }, "what another program calls an identifier may be none"  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN_CODE"), ("call +49 30 901820", "PHONE_NUMBER"),
        ("call (212) 555-0187 now", "PHONE_NUMBER"), ("ssn 536-90-4399", "US_SSN"),
        ("from 192.168.13.7", "IP_ADDRESS"), ("key sk-abcdefghijklmnop1234", "SECRET"),
        ("card 5500-0000-0000-0004", "CREDIT_CARD"), ("to ada@planted.example today", "EMAIL_ADDRESS"),
    ],
)  # fmt: skip
def test_patterns(redactor: Redactor, text: str, kind: str) -> None:
    assert f"<{kind}_1>" in redactor.redact_text(text)


@pytest.mark.parametrize(
    "text", ["The pump costs 4200 euros.", "Opened in 1998 with 124 desks.", "[1] see page 12"]
)
def test_ordinary_numbers_stay(redactor: Redactor, text: str) -> None:
    assert redactor.redact_text(text) == text


def test_a_torn_record_is_not_read_and_the_rest_is(tmp_path: Path) -> None:
    log = WriteAheadLog.create(tmp_path)
    log.append([b"one", b"two"])
    segment = next(log.folder.glob("*.log"))
    with segment.open("ab") as file:
        file.write(b"\x10\x00\x00\x00abc")
    assert [entry.payload for entry in log.read()] == [b"one", b"two"]
    log.mark_stored(log.read()[0].after)
    assert [entry.payload for entry in log.read()] == [b"two"]


@pytest.mark.parametrize("place", [0, 4, 9], ids=["length", "checksum", "payload"])
@pytest.mark.parametrize("which", [0, 2, 4])
def test_a_damaged_record_is_kept_and_costs_no_other(tmp_path: Path, which: int, place: int) -> None:
    payloads = [b"[payload %d]" % number * 10 for number in range(5)]
    log = WriteAheadLog.create(tmp_path)
    log.append(payloads)
    log._lock.close()
    segment = next(log.folder.glob("*.log"))
    data = bytearray(segment.read_bytes())
    begin = which * len(data) // 5
    data[begin + place] ^= 1
    segment.write_bytes(data)
    [dead] = WriteAheadLog.orphans(tmp_path)
    entries = dead.read()
    assert [entry.payload for entry in entries if not entry.damaged] == payloads[:which] + payloads[
        which + 1 :
    ]
    lost = [entry.payload for entry in entries if entry.damaged]
    if (which, place) == (4, 0):
        assert lost == [], "it looks like one that was never written to its end"
    else:
        assert lost == [bytes(data[begin : begin + len(data) // 5])]
    for entry in entries:
        dead.mark_stored(entry.after)
    assert dead.pending_bytes() == 0 or not lost
    dead.close()
    assert not list(tmp_path.iterdir())


def test_what_follows_a_damaged_record_is_read_while_more_is_appended(tmp_path: Path) -> None:
    log = WriteAheadLog.create(tmp_path)
    log.append([b"first", b"second"])
    segment = next(log.folder.glob("*.log"))
    data = bytearray(segment.read_bytes())
    data[-1] ^= 1
    with segment.open("r+b") as file:
        file.write(data)
    assert [entry.payload for entry in log.read()] == [b"first"], "the rest may still be being written"
    log.append([b"third"])
    assert [(entry.payload[-5:], entry.damaged) for entry in log.read()] == [
        (b"first", False), (b"econe", True), (b"third", False),
    ]  # fmt: skip


async def test_what_is_damaged_is_said_counted_and_kept(
    whorl: Whorl, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = WriteAheadLog.create(tmp_path / "logs")
    log.append([dump_records([]), b"[" * 40, dump_records([])])
    segment = next(log.folder.glob("*.log"))
    data = segment.read_bytes().replace(b"[[[", b"[[(", 1)
    segment.write_bytes(data)
    before = DAMAGED._value.get()
    with monkeypatch.context() as away:
        away.setattr(whorl.drain, "_store", _away)
        for _ in range(2):
            with pytest.raises(psycopg.OperationalError):
                await whorl.drain.log(log)
    assert not (tmp_path / "logs-refused").exists(), "it is set aside once, with what is stored"
    assert await whorl.drain.log(log) == 0
    [kept] = (tmp_path / "logs-refused").iterdir()
    assert kept.suffix == ".damaged" and kept.read_bytes().endswith(b"[[([" + b"[" * 36)
    assert DAMAGED._value.get() - before == len(kept.read_bytes()) == 48
    assert "48 bytes of a log of spans are damaged" in caplog.text and log.pending_bytes() == 0


async def _away(records: list[SpanRecord]) -> int:
    raise psycopg.OperationalError


def test_a_log_keeps_nothing_that_is_stored(tmp_path: Path) -> None:
    log = WriteAheadLog.create(tmp_path)
    log.append([b"one"])
    stored = log.read()[-1].after
    log.append([b"two"])
    log.mark_stored(stored)
    assert [entry.payload for entry in log.read()] == [b"two"], "what came meanwhile stays"
    log.mark_stored(log.read()[-1].after)
    assert not list(log.folder.glob("*.log")) and log.pending_bytes() == 0
    log.append([b"three"])
    assert [entry.payload for entry in log.read()] == [b"three"]
    log.mark_stored(log.read()[-1].after)
    log.close()
    assert not list(tmp_path.iterdir())


def test_a_dead_process_leaves_its_log_to_the_next(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from whorl.platform.telemetry.wal import WriteAheadLog; "
        "log = WriteAheadLog.create(pathlib.Path(sys.argv[1])); log.append([b'kept']); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    living = WriteAheadLog.create(tmp_path)
    orphans = list(WriteAheadLog.orphans(tmp_path))
    assert [entry.payload for orphan in orphans for entry in orphan.read()] == [b"kept"]
    assert living.folder not in [orphan.folder for orphan in orphans]


def test_a_process_that_ends_while_another_begins_stops_nobody(tmp_path: Path) -> None:
    """As one replica is replaced by the next on a volume that they share."""
    dead = WriteAheadLog.create(tmp_path)
    dead.append([b"left"])
    dead._lock.close()
    living = [WriteAheadLog.create(tmp_path) for _ in range(2)]
    found = []
    for log in WriteAheadLog.orphans(tmp_path):
        found += [entry.payload for entry in log.read()]
        for each in living:
            each.close()
    assert found == [b"left"]


@pytest.mark.parametrize("note", ["", "1", "one two"])
def test_a_note_of_what_is_stored_that_was_cut_costs_nothing(tmp_path: Path, note: str) -> None:
    dead = WriteAheadLog.create(tmp_path)
    dead.append([b"left"])
    (dead.folder / "stored").write_text(note)
    dead._lock.close()
    [log] = WriteAheadLog.orphans(tmp_path)
    assert [entry.payload for entry in log.read()] == [b"left"]


def test_what_waits_is_what_the_segments_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log counts along; after a crash the next process counts what it finds."""
    monkeypatch.setattr(wal, "SEGMENT_BYTES", 64)
    log = WriteAheadLog.create(tmp_path)

    def on_disk(log: WriteAheadLog) -> int:
        return sum(path.stat().st_size for path in log.folder.glob("*.log"))

    for number in range(1, 8):
        log.append([b"x" * 20])
        assert log.pending_bytes() == on_disk(log) == number * 28
    log.mark_stored(log.read()[3].after)
    assert log.pending_bytes() == 3 * 28 < on_disk(log)
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(PrerequisiteError):
        log.append([b"lost"])
    monkeypatch.undo()
    assert log.pending_bytes() == 3 * 28
    log.append([b"more"])
    fcntl.flock(log._lock, fcntl.LOCK_UN)
    [found] = WriteAheadLog.orphans(tmp_path)
    assert found.pending_bytes() == log.pending_bytes() == 3 * 28 + 12
    found.mark_stored(found.read()[-1].after)
    assert found.pending_bytes() == 0 == on_disk(found)


def _no_space(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_a_full_disk_is_said_and_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = WriteAheadLog.create(tmp_path)
    log.append([b"first"])
    monkeypatch.setattr(os, "fsync", _no_space)
    with pytest.raises(PrerequisiteError, match="No space left"):
        log.append([b"lost"])
    assert not log.writable()
    monkeypatch.undo()
    assert log.writable(), "it is tried again"
    log.append([b"second"])
    assert [entry.payload for entry in log.read()] == [b"first", b"second"]
    assert log.writable() and not (log.folder / "trial").exists()


async def test_a_replay_stores_nothing_twice(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    span = a_span(**{c.INPUT_TOKENS: 3})
    span.tenant_id = str(acme.tenant_id)
    for _ in range(2):
        log = WriteAheadLog.create(tmp_path)
        log.append([dump_records([span])])
        stored = await whorl.drain.log(log)
        log.close()
    assert stored == 0
    with psycopg.connect(whorl.addresses.admin) as connection:
        assert connection.execute("SELECT count(*) FROM spans").fetchone() == (1,)


async def test_a_database_that_is_away_loses_nothing(whorl: Whorl, acme: Actor, database: Addresses) -> None:
    """Spans wait in the log while writes fail, and are stored once they succeed again."""
    with psycopg.connect(database.admin, autocommit=True) as connection:
        connection.execute("ALTER TABLE spans RENAME TO spans_away")
        ended = await whorl.agents.answer(acme, RunRequest("Anything?"))
        assert ended.status == "succeeded"
        with pytest.raises(psycopg.Error):
            await whorl.flush()
        connection.execute("ALTER TABLE spans_away RENAME TO spans")
    await whorl.flush()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert len(await spans_of_run(session, ended.run_id)) >= 4


async def test_a_run_after_which_nothing_comes_does_not_wait_for_more(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "GATHER", 600)
    async with asyncio.timeout(60):
        for _ in range(2):
            ended = await whorl.agents.answer(acme, RunRequest("Anything?"))
            stored: list[Span] = []
            while not stored:
                await asyncio.sleep(0.05)
                async with tenant_session(whorl.engine, acme.tenant_id) as session:
                    stored = await spans_of_run(session, ended.run_id)


async def test_runs_that_keep_coming_are_stored_in_the_end(
    whorl: Whorl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is emptied every ``GATHER`` seconds, however little time there is between two runs."""
    monkeypatch.setattr(drain, "GATHER", 0.3)
    looked = asyncio.Event()

    async def look(_: WriteAheadLog) -> int:
        looked.set()
        return 0

    monkeypatch.setattr(whorl.drain, "log", look)
    async with asyncio.timeout(60):
        for _ in range(3):
            looked.clear()
            while not looked.is_set():
                whorl.capture.appended.set()
                await asyncio.sleep(0.01)


async def test_orphans_are_stored_at_the_next_start(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    span = a_span()
    span.tenant_id = str(acme.tenant_id)
    log = WriteAheadLog.create(tmp_path / "logs")
    log.append([dump_records([span])])
    log._lock.close()
    assert await whorl.drain.orphans(tmp_path / "logs") == 1
    assert not log.folder.exists()


REFUSED = "a\0b \ud800 c"


@pytest.mark.parametrize("where", ["question", "answer", "tool"])
async def test_text_that_no_store_takes_stops_nothing(settings: Settings, where: str) -> None:
    """NUL and halves of surrogate pairs from a user, a model or a tool: the run is kept, and those that follow."""

    async def look(arguments: dict[str, Any], context: ToolContext) -> Observation:
        return Observation(REFUSED if where == "tool" else "fine")

    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        if messages[-1]["role"] == "user":
            return call_text("look", query=REFUSED if where == "answer" else "x")
        return REFUSED if where == "answer" else "Done."

    tool = Tool("look", "Look.", look, {"type": "object", "properties": {"query": {"type": "string"}}})
    async with open_whorl(settings, backend=ScriptedBackend(script)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        request = RunRequest(REFUSED if where == "question" else "When?", toolbox=Toolbox([tool]))
        ended = [await whorl.agents.answer(actor, request) for _ in range(2)]
        assert [each.status for each in ended] == ["succeeded"] * 2
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            for each in ended:
                spans = await spans_of_run(session, each.run_id)
                assert [span.operation for span in spans] == ["invoke_agent", "chat", "execute_tool", "chat"]
                told = json.dumps([span.attributes for span in spans], ensure_ascii=False)
                assert "\ufffd" in told and "\ud800" not in told


async def test_spans_that_no_column_holds_are_set_aside_and_stop_nobody(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    """A number out of range, in a span or in what a listener makes of it, a workspace that is gone: the rest is stored."""
    good, large, unlucky, strange = a_span(), a_span(), a_span(unlucky=True), a_span()
    large.start_ns = 2**70
    for span in (good, large, unlucky):
        span.tenant_id = str(acme.tenant_id)
    strange.tenant_id = str(uuid.UUID(int=7))

    async def listener(records: list[SpanRecord]) -> None:
        if any("unlucky" in record.attributes for record in records):
            async with await psycopg.AsyncConnection.connect(whorl.addresses.app) as connection:
                await connection.execute("SELECT 'x'::text::bigint")

    log = WriteAheadLog.create(tmp_path / "log")
    log.append([dump_records([span]) for span in (large, unlucky, strange, good)])
    assert await Drain(whorl.drain.connections, [listener]).log(log) >= 1
    assert log.pending_bytes() == 0
    log.close()
    with psycopg.connect(whorl.addresses.admin) as connection:
        stored = {row[0] for row in connection.execute("SELECT span_id FROM spans").fetchall()}
    assert good.span_id in stored and large.span_id not in stored
    kept = [load_records(file.read_bytes()) for file in (tmp_path / "log-refused").iterdir()]
    assert {record.span_id for [record] in kept} == {large.span_id, unlucky.span_id, strange.span_id}


async def test_who_waits_for_the_store_reads_the_log_after_the_drain_that_goes_on(
    whorl: Whorl, acme: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side the one that is behind would set the log's position back, to a segment that is gone."""
    monkeypatch.setattr(wal, "SEGMENT_BYTES", 1)
    log = WriteAheadLog.create(tmp_path / "log")
    for _ in range(3):
        span = a_span()
        span.tenant_id = str(acme.tenant_id)
        log.append([dump_records([span])])
    held, entered = asyncio.Event(), asyncio.Event()

    async def first_waits(records: list[SpanRecord]) -> None:
        if not entered.is_set():
            entered.set()
            await held.wait()

    drain = Drain(whorl.drain.connections, [first_waits])
    first = asyncio.create_task(drain.log(log, 1))
    await entered.wait()
    second = asyncio.create_task(drain.log(log, 1))
    await asyncio.wait({second}, timeout=0.5)
    held.set()
    await asyncio.gather(first, second)
    assert log.pending_bytes() == 0
    log.close()


async def test_an_error_that_nobody_expected_does_not_end_the_storing_of_spans(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    told = asyncio.Event()

    async def breaks_once(records: list[SpanRecord]) -> None:
        if not failed:
            failed.append("once")
            raise RuntimeError("a listener breaks")
        told.set()

    failed: list[str] = []
    capture = Capture(whorl.redactor, WriteAheadLog.create(tmp_path / "log"))
    span = a_span()
    span.tenant_id = str(acme.tenant_id)
    over = asyncio.Event()
    storing = asyncio.create_task(Drain(whorl.drain.connections, [breaks_once]).until(over, capture))
    await capture.log_run([span])
    done, _ = await asyncio.wait(
        {storing, asyncio.create_task(told.wait())}, return_when=asyncio.FIRST_COMPLETED
    )
    assert storing not in done and failed == ["once"]
    over.set()
    capture.appended.set()
    await storing
    capture.close()
    assert capture.log.pending_bytes() == 0
    capture.log.close()


async def test_a_run_of_many_spans_is_not_acknowledged_where_the_first_of_them_are_lost(
    redactor: Redactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are logged before its end, in parts: a disk that has room again by then has not had all of them."""
    monkeypatch.setattr(capturing, "MAX_SPANS", 2)
    capture = Capture(redactor, WriteAheadLog.create(tmp_path / "log"))
    append, refused = WriteAheadLog._append, [OSError(28, "No space left on device")]

    def full_at_first(log: WriteAheadLog, data: bytes) -> None:
        if refused:
            raise refused.pop()
        append(log, data)

    monkeypatch.setattr(WriteAheadLog, "_append", full_at_first)
    context = RunContext(str(uuid.uuid4()), str(uuid.uuid4()), None, "default", None)
    with run_context(context), capture.tracer.start_as_current_span("invoke_agent") as root:
        for _ in range(2):
            with capture.tracer.start_as_current_span("chat"):
                pass
        while refused:
            await asyncio.sleep(0.01)
    with pytest.raises(PrerequisiteError, match="No space left"):
        await capture.settled(root.get_span_context().trace_id)
    capture.close()


def _logged_texts(capture: Capture, name: str) -> list[str]:
    """What spans say under an attribute, in the order of the log."""
    records = [record for entry in capture.log.read() for record in load_records(entry.payload)]
    return [record.attributes[name] for record in records if name in record.attributes]


async def test_a_run_in_two_stretches_has_one_placeholder_for_one_person(
    redactor: Redactor, tmp_path: Path
) -> None:
    """Between them it waits for an approval; what comes first in the second came last in the first.

    Nothing of it is asked of the store, which may be away: the run begins here.
    """

    def away(tenant_id: str, traces: Sequence[str]) -> dict[str, list[str]]:
        raise AssertionError("the store was asked")

    capture = Capture(redactor, WriteAheadLog.create(tmp_path / "log"), away)
    context = RunContext(str(uuid.uuid4()), str(uuid.uuid4()), None, "default", None)
    with run_context(context):
        with capture.tracer.start_as_current_span("invoke_agent") as root:
            root.set_attribute("said", "nowak@a.example asked for schmidt@b.example.")
            root.set_attribute(c.FINISH_REASONS, [c.WAITS_FOR_APPROVAL])
        first = root.get_span_context()
        await capture.settled(first.trace_id)
        parent = set_span_in_context(
            NonRecordingSpan(SpanContext(first.trace_id, first.span_id, True, TraceFlags(1)))
        )
        with capture.tracer.start_as_current_span("invoke_agent", parent) as again:
            again.set_attribute("said", "schmidt@b.example met larsson@c.example and nowak@a.example.")
        await capture.settled(first.trace_id)
    assert _logged_texts(capture, "said") == [
        "<EMAIL_ADDRESS_1> asked for <EMAIL_ADDRESS_2>.",
        "<EMAIL_ADDRESS_2> met <EMAIL_ADDRESS_3> and <EMAIL_ADDRESS_1>.",
    ]
    capture.close()


async def test_another_process_numbers_on_after_what_is_stored(redactor: Redactor, tmp_path: Path) -> None:
    capture = Capture(
        redactor, WriteAheadLog.create(tmp_path / "log"), lambda _, traces: {traces[0]: ["<EMAIL_ADDRESS_7>"]}
    )
    context = RunContext(str(uuid.uuid4()), str(uuid.uuid4()), None, "default", None)
    parent = set_span_in_context(NonRecordingSpan(SpanContext(5, 6, True, TraceFlags(1))))
    with run_context(context), capture.tracer.start_as_current_span("invoke_agent", parent) as root:
        root.set_attribute("said", "nowak@a.example agrees.")
    await capture.settled(5)
    assert _logged_texts(capture, "said") == ["<EMAIL_ADDRESS_8> agrees."]
    capture.close()


async def test_the_parts_of_a_run_of_many_spans_have_the_same_placeholders(
    redactor: Redactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capturing, "MAX_SPANS", 1)
    capture = Capture(redactor, WriteAheadLog.create(tmp_path / "log"))
    context = RunContext(str(uuid.uuid4()), str(uuid.uuid4()), None, "default", None)
    with run_context(context), capture.tracer.start_as_current_span("invoke_agent") as root:
        for said in ("nowak@a.example called.", "schmidt@b.example called.", "nowak@a.example hung up."):
            with capture.tracer.start_as_current_span("chat") as span:
                span.set_attribute("said", said)
        root.set_attribute("said", "schmidt@b.example waits.")
    await capture.settled(root.get_span_context().trace_id)
    assert _logged_texts(capture, "said") == [
        "<EMAIL_ADDRESS_1> called.", "<EMAIL_ADDRESS_2> called.", "<EMAIL_ADDRESS_1> hung up.", "<EMAIL_ADDRESS_2> waits.",
    ]  # fmt: skip
    capture.close()
