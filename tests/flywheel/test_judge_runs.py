"""Stored runs judged: redacted, once each, within a budget, and held against what people say."""

import functools
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from click.testing import CliRunner, Result
from httpx import ASGITransport, AsyncClient
from sqlalchemy import delete, select, update
from starlette.requests import Request

from tests.conftest import Actor, Addresses, Settings, quote_first
from tests.flywheel.test_judging import mark_in, shown
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Run
from whorl.flywheel.consent import keep_consent
from whorl.flywheel.datasets import Selection
from whorl.flywheel.judging.agreement import Agreement, agreements
from whorl.flywheel.judging.base import Answered, Judge, Means, Recipe, Score, make_judge
from whorl.flywheel.judging.means import workspace_means
from whorl.flywheel.judging.runs import JudgedRuns, judge_runs
from whorl.flywheel.judging.scripted import ScriptedJudge
from whorl.flywheel.outcomes import Feedback, outcomes_of, record_outcome
from whorl.flywheel.tables import Outcome
from whorl.platform import app
from whorl.platform.app import Whorl, create_app, open_whorl
from whorl.platform.cli import main
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, NotFoundError, PermissionDeniedError, UpstreamError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.tables import AuditEvent, Membership
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.serving.messages import ChatCall, ChatReply
from whorl.platform.usage.prices import Price, Prices
from whorl.platform.usage.quotas import Quotas, change_quotas
from whorl.platform.usage.tables import Admission
from whorl.retrieval.load.base import LoadedDocument

TIDES = LoadedDocument("tides.md", "Tides", "The tide turns twice a day.", "text/markdown")


def model(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """Answers as an agent; as a judge it finds that an answer is good where it cites."""
    if "impartial judge" not in str(messages[0]["content"]):
        return quote_first(messages, tools, adapter)
    cites = "[1]\n</answer-" in messages[1]["content"]
    return f"It {'cites' if cites else 'cites nothing'}.\nverdict-{mark_in(messages)}: {5 if cites else 2}"


def scripted(rating: Callable[[Answered], Score]) -> tuple[Judge, ScriptedJudge]:
    verdicts = ScriptedJudge(lambda *texts: pytest.fail("compared"), rating)
    return Judge(Recipe("holds", {"word": "scripted"}), verdicts, "http://judge"), verdicts


async def ask(whorl: Whorl, actor: Actor, *questions: str, tag: str = "t") -> list[uuid.UUID]:
    async for _ in whorl.library.ingest(actor.tenant_id, [TIDES]):
        pass
    runs = [(await whorl.agents.answer(actor, RunRequest(q, tags=(tag,)))).run_id for q in questions]
    await whorl.flush()
    return runs


async def say(whorl: Whorl, actor: Actor, run_id: uuid.UUID, kind: Any, value: float, source: str) -> None:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await record_outcome(session, actor.tenant_id, run_id, Feedback(kind, value, source), whorl.redactor)


async def judged(whorl: Whorl, actor: Actor, judge: Judge, **options: Any) -> JudgedRuns:
    return await judge_runs(whorl.engine, actor, whorl.redactor, judge, **options)


async def test_a_judge_scores_each_run_once(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    runs = await ask(whorl, acme, "How often does the tide turn?", "When does the tide turn?")
    [other] = await ask(whorl, acme, "Untagged?", tag="u")
    judge, verdicts = scripted(lambda answered: Score(0.75, "good"))
    options = {"selection": Selection(tag="t"), "weight": 0.3}
    done = await judged(whorl, acme, judge, **options)
    assert (done.judged, done.known, done.over_budget, done.report()["mean"]) == (2, 0, 0, 0.75)
    assert (
        verdicts.seen[0].question == "How often does the tide turn?"
        and "twice a day" in verdicts.seen[0].passages[0]
    )
    assert verdicts.seen[0].answer.endswith("[1]")
    again = await judged(whorl, acme, judge, **options)
    assert (again.judged, again.known, len(verdicts.seen)) == (0, 2, 2)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        found = await outcomes_of(session, [*runs, other])
        entries = list(await session.scalars(select(AuditEvent).where(AuditEvent.action == "runs.judged")))
    assert set(found) == set(runs) and [e.details for e in entries] == [{"runs": 2, "server": "http://judge"}]
    for [outcome] in found.values():
        assert (outcome.kind, outcome.value, outcome.weight, outcome.text) == ("judge", 0.75, 0.3, "good")
        assert outcome.source == judge.recipe.source and outcome.details == judge.recipe.manifest()
    changed = Judge(Recipe("holds", {"word": "another"}), verdicts)
    assert (await judged(whorl, acme, changed, **options)).judged == 2
    assert (await judged(whorl, rival, judge)).report()["judged"] == 0


async def test_a_judge_reads_nothing_that_is_personal(whorl: Whorl, acme: Actor) -> None:
    await ask(whorl, acme, "I am ann.berg@arnby.example, my card is 4111 1111 1111 1111. Tide?")
    judge, verdicts = scripted(lambda answered: Score(0.5, f"Said {answered.question} to ben@arnby.example"))
    assert (await judged(whorl, acme, judge)).judged == 1
    [seen] = verdicts.seen
    assert "<EMAIL_ADDRESS_1>" in seen.question and "4111" not in seen.question
    assert "arnby" not in seen.question
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        [text] = await session.scalars(select(Outcome.text))
    assert text is not None and "arnby" not in text


async def test_a_budget_is_kept_and_the_rest_goes_on(whorl: Whorl, acme: Actor) -> None:
    await ask(whorl, acme, *(f"Tide {n}?" for n in range(11)))
    judge, verdicts = scripted(lambda answered: Score(1.0))
    counts = []
    for _ in range(3):
        done = await judged(whorl, acme, judge, most_calls=5)
        counts.append((done.judged, done.known, done.over_budget, len(verdicts.seen)))
    assert counts == [(5, 0, 6, 5), (5, 5, 1, 10), (1, 10, 0, 11)]


async def test_what_is_not_judged_is_counted(whorl: Whorl, acme: Actor) -> None:
    """No verdict, a user who objects, and a run that failed; those who object take nothing of the budget."""
    runs = await ask(whorl, acme, "Tide?", "Tide now?", "Tide then?")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        [user] = await session.scalars(select(Membership.user_id))
        await session.execute(update(Run).where(Run.id == runs[0]).values(user_id=user))
        await keep_consent(session, acme, [user], False)
    judge, verdicts = scripted(
        lambda answered: Score(None, "mumbles", "unparsable") if "now" in answered.question else Score(1.0)
    )
    done = await judged(whorl, acme, judge, most_calls=2)
    assert done.report()["left_out"] == {"no consent": 1, "unparsable": 1}
    assert (done.judged, done.over_budget, len(verdicts.seen)) == (1, 0, 2)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert set(await outcomes_of(session, runs)) == {runs[2]}


async def test_what_was_judged_before_a_failure_is_kept(whorl: Whorl, acme: Actor) -> None:
    runs = await ask(whorl, acme, "When does the tide turn?", "When does the server fail?")

    def rating(answered: Answered) -> Score:
        if "fail" in answered.question:
            raise UpstreamError("the server fell over")
        return Score(1.0)

    with pytest.raises(UpstreamError, match="fell over"):
        await judged(whorl, acme, scripted(rating)[0])
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert set(await outcomes_of(session, runs)) == {runs[0]}


async def test_a_run_that_is_deleted_while_it_is_judged_costs_no_other_its_verdict(
    whorl: Whorl, acme: Actor
) -> None:
    runs = await ask(whorl, acme, "When does the tide turn?", "When does it turn back?")

    class Slow:
        async def score(self, answered: Answered) -> Score:
            async with tenant_session(whorl.engine, acme.tenant_id) as session:
                await session.execute(delete(Run).where(Run.id == runs[1]))
            return Score(1.0)

    done = await judged(whorl, acme, Judge(Recipe("holds", {"word": "slow"}), Slow(), "http://judge"))
    assert (done.judged, done.report()["left_out"]) == (1, {"deleted meanwhile": 1})
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert set(await outcomes_of(session, runs)) == {runs[0]}


async def test_what_cannot_be_is_refused(whorl: Whorl, acme: Actor) -> None:
    judge, _ = scripted(lambda answered: Score(1.0))
    for options in ({"weight": 1.5}, {"weight": -0.1}, {"most_calls": 0}):
        with pytest.raises(InputError, match="weight lies between 0 and 1"):
            await judged(whorl, acme, judge, **options)
    with pytest.raises(InputError, match="cannot score one"):
        await judged(whorl, acme, make_judge("always_first", Means()))
    viewer = Actor(acme.tenant_id, acme.tenant_slug, "viewer", "v", user_id=uuid.uuid4())
    with pytest.raises(PermissionDeniedError):
        await judged(whorl, viewer, judge)


async def test_a_judge_is_held_against_people(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    """People and judge on six runs; one of them on which people differ, one that only a verifier judged."""
    runs = await ask(whorl, acme, *(f"When is tide {n}?" for n in range(6)))
    good = {0, 1, 4}
    judge, _ = scripted(lambda answered: Score(1.0 if int(answered.question[-2]) in good else 0.0))
    await judged(whorl, acme, judge)
    for number, value in ((0, 1.0), (1, 0.0), (2, 0.0)):
        await say(whorl, acme, runs[number], "thumb", value, "user:ann")
    await say(whorl, acme, runs[3], "score", 0.9, "user:ann")
    await say(whorl, acme, runs[4], "thumb", 1.0, "user:ann")
    await say(whorl, acme, runs[4], "thumb", 0.0, "user:ben")
    await say(whorl, acme, runs[5], "verdict", 1.0, "verifier:numeric")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert await agreements(session) == [Agreement(judge.recipe.source, 1, 1, 1, 1)]
        [found] = await agreements(session, judge.recipe.source)
        assert await agreements(session, "judge:other@1") == []
    assert found.report()["agreement"] == 0.5 and found.kappa == 0.0
    async with tenant_session(whorl.engine, rival.tenant_id) as session:
        assert await agreements(session) == []


def test_agreement_by_one_word_alone_has_no_kappa() -> None:
    found = Agreement("judge:x@1", 7, 0, 0, 0)
    assert found.agreed.share == 1.0 and found.kappa is None and found.report()["kappa"] is None


async def test_judges_over_http(settings: Settings) -> None:
    served = create_app(settings, backend=ScriptedBackend(model))
    async with (
        served.router.lifespan_context(served),
        AsyncClient(transport=ASGITransport(served), base_url="http://whorl") as client,
    ):
        whorl = served.state.whorl
        created = await ensure_tenant(whorl.engine, "acme")
        client.headers["Authorization"] = f"Bearer {created.key}"
        actor = operator_of(created.tenant)
        runs = await ask(whorl, actor, "Tide?", "When does the tide turn?")
        await say(whorl, actor, runs[0], "thumb", 1.0, "user:ann")
        answer = await client.post("/api/judges/runs", json={"tag": "t", "limit": 1})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["judged"], body["over_budget"], body["mean"]) == (1, 1, 1.0)
        assert body["source"].startswith("judge:scripted@")
        [agreement] = (await client.get("/api/judges/agreement")).json()
        assert (agreement["runs"], agreement["agreement"], agreement["kappa"]) == (1, 1.0, None)
        page = " ".join(re.sub(r"<[^>]*>", " ", (await client.get("/admin")).text).split())
        assert f"{body['source'].removeprefix('judge:')} 1 100 % –" in page
        for wrong, status, words in (
            ({"judge": "nobody"}, 422, "There is no judge"),
            ({"judge": "always_first"}, 422, "cannot score one"),
            ({"arguments": {"tone": "stern"}}, 422, "cannot be made of"),
            ({"model": "rival.v1"}, 404, "rival.v1"),
            ({"limit": 101}, 422, "limit"),
        ):
            answer = await client.post("/api/judges/runs", json=wrong)
            assert answer.status_code == status and words in answer.json()["detail"], answer.text


async def test_the_model_of_the_workspace_judges_and_no_other_tenants(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        means = await workspace_means(whorl, actor)
        assert means.model == "scripted"
        [cited, uncited] = [Answered("Tide?", text) for text in ("Twice a day. [1]", "Twice a day.")]
        scores = make_judge("model", means).scores
        assert [(await scores.score(each)).value for each in (cited, uncited)] == [1.0, 0.25]
        with pytest.raises(NotFoundError, match=r"rival\.v1"):
            await workspace_means(whorl, actor, "rival.v1")


async def test_what_a_judge_asks_the_workspace_counts_and_ends_at_its_quota(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = create_app(settings, backend=ScriptedBackend(model))
    async with (
        served.router.lifespan_context(served),
        AsyncClient(transport=ASGITransport(served), base_url="http://whorl") as client,
    ):
        whorl = served.state.whorl
        created = await ensure_tenant(whorl.engine, "acme")
        client.headers["Authorization"] = f"Bearer {created.key}"
        actor = operator_of(created.tenant)
        monkeypatch.setattr(whorl, "prices", Prices({"scripted": Price(1000.0, 1000.0)}))
        await ask(whorl, actor, *(f"Tide {number}?" for number in range(5)))
        calls: list[ChatCall] = []
        chat = whorl.servers.chat

        async def noted(call: ChatCall) -> ChatReply:
            calls.append(call)
            return await chat(call)

        monkeypatch.setattr(whorl.servers, "chat", noted)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            await change_quotas(session, actor.tenant_id, Quotas(requests_per_minute=3))
            await session.execute(delete(Admission))
        refused = await client.post("/api/judges/runs", json={"tag": "t"})
        assert refused.status_code == 429 and refused.headers["x-ratelimit-remaining-requests"] == "0"
        assert [call.tenant for call in calls] == [str(actor.tenant_id)] * 3
        used = {row["agent"]: row for row in (await client.get("/api/usage?by=agent")).json()}
        assert used["judge"]["runs"] == 3 and used["judge"]["dollars"] > 0
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            await change_quotas(session, actor.tenant_id, Quotas())
            assert len(list(await session.scalars(select(Outcome)))) == 3, "what was paid for is kept"
        rest = await client.post("/api/judges/runs", json={"tag": "t"})
        assert (rest.json()["judged"], rest.json()["known"]) == (2, 3)


PAIRS = [
    {"question": "2 + 2?", "answer_a": "4", "answer_b": "It is surely 5", "label": "A>B", "id": "sum"},
    {"question": "2 + 1?", "response_A": "Of course it is 4", "response_B": "3", "label": "B>A"},
    {"prompt": "Hello", "chosen": "Hello to you", "rejected": "?"},
]


@pytest.fixture
def whorl_command(
    database: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs ``whorl judge`` in a workspace whose model judges by :func:`model`."""
    values = {
        "WHORL_DATA_DIR": str(tmp_path / "whorl"), "WHORL_DATABASE_URL": database.app,
        "WHORL_DATABASE_ADMIN_URL": database.admin, "WHORL_EMBEDDER": "hashing", "WHORL_RERANKER": "identity",
    }  # fmt: skip
    opened = functools.partial(open_whorl, backend=ScriptedBackend(model))
    monkeypatch.setattr(app, "open_whorl", opened)

    def run(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(main, ["judge", *arguments], env=values, input=input)

    return run


def written(tmp_path: Path, rows: list[dict[str, Any]]) -> str:
    file = tmp_path / "pairs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_pairs_of_a_file_are_judged_in_both_orders(
    whorl_command: Callable[..., Result], tmp_path: Path
) -> None:
    file = written(tmp_path, PAIRS)
    *verdicts, last = lines(whorl_command(file, "--judge", "longer_wins", "--json"))
    assert [(row["verdict"], row["state"]) for row in verdicts] == [
        ("B", "agreed"),
        ("A", "agreed"),
        ("A", "agreed"),
    ]
    assert verdicts[0]["id"] == "sum" and verdicts[2]["label"] == "A" and verdicts[0]["orders"] == ["B", "B"]
    measures = last["measures"]
    assert (
        measures["accuracy"]["right"]["count"] == 1 and measures["length"]["longer_balanced"]["share"] == 1.0
    )
    *_, last = lines(whorl_command("-", "--judge", "always_first", "--json", input=Path(file).read_text()))
    assert last["measures"]["position"]["first_of_flips"]["share"] == 1.0
    told = whorl_command(file, "--judge", "similarity")
    assert told.exit_code == 0 and "right in both orders" in told.stdout


def test_pairs_beyond_the_budget_are_left(whorl_command: Callable[..., Result], tmp_path: Path) -> None:
    result = whorl_command(written(tmp_path, PAIRS), "--judge", "longer_wins", "--json", "--max-calls", "5")
    *verdicts, last = lines(result)
    assert len(verdicts) == 2 and last["measures"]["over_budget"] == 1
    assert "1 pairs are left" in result.stderr


def test_replies_without_a_verdict_are_said(whorl_command: Callable[..., Result], tmp_path: Path) -> None:
    """The scripted model gives grades; asked for a preference, it says nothing that can be read."""
    *verdicts, last = lines(whorl_command(written(tmp_path, PAIRS), "--json"))
    assert {row["state"] for row in verdicts} == {"unparsable"} and {row["verdict"] for row in verdicts} == {
        None
    }
    assert last["measures"]["unparsable"]["share"] == 1.0
    assert last["measures"]["basis"] == "scripted"


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """The address of a model server that prefers 4 to anything else, and the keys that it was shown."""
    keys: list[str] = []

    def prefer(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        right = "answer-A" in messages[1]["content"] and "4" in shown(messages, "answer-A")
        return f"It says {'4' if right else 'else'}.\nverdict-{mark_in(messages)}: {'A' if right else 'B'}"

    served = create_engine_app(ScriptedBackend(prefer, model="judge-8b"))

    @served.middleware("http")
    async def keep_key(request: Request, call_next: Any) -> Any:
        keys.append(request.headers.get("authorization", ""))
        return await call_next(request)

    running = uvicorn.Server(uvicorn.Config(served, port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}", keys
    running.should_exit = True
    thread.join(timeout=20)


def test_another_server_judges_and_is_shown_its_own_key_alone(
    server: tuple[str, list[str]], tmp_path: Path
) -> None:
    """No workspace is opened for it; the key of the workspace's model server stays here."""
    address, keys = server
    file = written(tmp_path, PAIRS[:2])

    def run(*options: str, **environment: str) -> Result:
        env = {"WHORL_DATA_DIR": str(tmp_path / "none"), "WHORL_MODEL_KEY": "of-the-house", **environment}
        return CliRunner().invoke(main, ["judge", file, "--json", *options], env=env)

    *verdicts, last = lines(run("--server", f"{address}/v1", "--calibrated", WHORL_JUDGE_KEY="of-the-judge"))
    assert [row["verdict"] for row in verdicts] == ["A", "A"] and verdicts[0]["probability"] == 1.0
    assert verdicts[0]["reasons"] == ["It says 4.", "It says else."]
    assert last["measures"]["basis"] == "judge-8b" and last["measures"]["accuracy"]["right"]["count"] == 1
    assert set(keys) == {"Bearer of-the-judge"} and not (tmp_path / "none").exists()
    keys.clear()
    assert lines(run("--server", address, "--form", "forced"))[-1]["measures"]["arguments"] == {
        "form": "forced"
    }
    assert set(keys) == {""}
    missing = run("--server", address, "--model", "nobody")
    assert missing.exit_code == 3 and "nobody" in missing.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--judge", "nobody"], "There is no judge 'nobody'"),
        (["--judge", "holds"], "cannot be made of"),
        (["--judge", "longer_wins", "--server", "http://x"], "asks no model"),
        (["--judge", "longer_wins", "--calibrated"], "are of the judge 'model'"),
        (["--arguments", "[1]"], "JSON object"),
        (["--arguments", "{"], "not JSON"),
        (["--server", "ftp://x"], "is no address of a server"),
        (["--server", "x"], "is no address of a server"),
        (["--tag", "t"], "goes with --runs"),
        (["--runs"], "not both"),
        (["--judge", "longer_wins", "--max-calls", "1"], "No pair was judged"),
    ],
)
def test_bad_options_get_a_sentence(
    whorl_command: Callable[..., Result], tmp_path: Path, options: list[str], words: str
) -> None:
    result = whorl_command(written(tmp_path, PAIRS), *options)
    assert result.exit_code == 2 and words in result.output and "Traceback" not in result.output


def test_bad_records_and_servers_get_a_sentence(whorl_command: Callable[..., Result], tmp_path: Path) -> None:
    result = whorl_command(written(tmp_path, [{"question": "?", "answer_a": "x"}]), "--judge", "longer_wins")
    assert result.exit_code == 2 and "line 1" in result.output
    result = whorl_command(str(tmp_path / "none.jsonl"), "--judge", "longer_wins")
    assert result.exit_code == 2 and "is not there" in result.output
    result = whorl_command(written(tmp_path, PAIRS), "--server", "http://127.0.0.1:9", "--json")
    assert result.exit_code == 7 and "does not answer" in json.loads(result.stdout)["error"]["message"]
    result = whorl_command(written(tmp_path, PAIRS), "--server", "http://ann:secret@127.0.0.1:9")
    assert result.exit_code == 7 and "127.0.0.1:9" in result.output and "secret" not in result.output
    result = whorl_command(written(tmp_path, [{**PAIRS[0], "answer_a": "x " * 20_000}]))
    assert result.exit_code == 2 and "No pair was judged" in result.output and "context" in result.output


def test_stored_runs_are_judged_by_the_command(
    whorl_command: Callable[..., Result], database: Addresses, tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    environment = {
        "WHORL_DATA_DIR": str(tmp_path / "whorl"), "WHORL_DATABASE_URL": database.app,
        "WHORL_DATABASE_ADMIN_URL": database.admin, "WHORL_EMBEDDER": "hashing", "WHORL_RERANKER": "identity",
    }  # fmt: skip
    asked = CliRunner().invoke(main, ["ask", "When does the tide turn?", "--json"], env=environment)
    run_id = json.loads(asked.stdout)["run_id"]
    CliRunner().invoke(main, ["feedback", run_id, "down"], env=environment)
    [first] = lines(whorl_command("--runs", "--json", "--weight", "0.2"))
    assert (first["judged"], first["known"], first["agreement"]["runs"]) == (1, 0, 1)
    assert (first["mean"], first["agreement"]["agreement"]) == (0.25, 1.0)
    [again] = lines(whorl_command("--runs", "--json"))
    assert (again["judged"], again["known"], again["source"]) == (0, 1, first["source"])
    [refused] = lines(whorl_command("--runs", "--json", "--server", server[0]))
    assert (refused["judged"], refused["left_out"]) == (0, {"unparsable": 1})
    told = whorl_command("--runs").stdout
    assert "People judged 1 of its runs and agree on 100%" in told and "kappa not defined" in told


def test_the_list_says_what_each_goes_by(whorl_command: Callable[..., Result]) -> None:
    [rows] = lines(whorl_command("--list", "--json"))
    assert {"model", "similarity"} <= {row["judge"] for row in rows}
