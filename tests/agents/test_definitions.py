"""Agents that a workspace defines: what their runs are told and offered, and that no other workspace has them."""

from typing import Any

import pytest
from sqlalchemy import event

from tests.conftest import Actor, Whorl
from tests.platform.test_api import Site, site
from whorl.agents.definitions import Definition, as_defined, define_agent
from whorl.agents.events import RunEnded
from whorl.agents.execution import RunRequest
from whorl.agents.prompt import SYSTEM
from whorl.agents.toolbox import Toolbox
from whorl.agents.tools.base import Observation, Tool, ToolContext
from whorl.flywheel.shadow import replaying
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, NotFoundError, PermissionDeniedError

__all__ = ["site"]


async def define(whorl: Whorl, actor: Actor, name: str, **said: Any) -> None:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        definition = Definition.model_validate(said)
        await define_agent(session, actor, name, definition, whorl.agents.toolbox, whorl.servers.base)


def tool(name: str, tenants: frozenset[str] | None = None) -> Tool:
    async def done(arguments: dict[str, Any], context: ToolContext) -> Observation:
        return Observation("done")

    return Tool(name, name, done, tenants=tenants)


async def asked(whorl: Whorl, actor: Actor, request: RunRequest) -> RunRequest:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return await as_defined(session, actor, request, whorl.agents.toolbox)


@pytest.fixture
def prompts(whorl: Whorl, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The calls that the model was made, in their order."""
    calls: list[Any] = []
    stream = whorl.servers.stream

    def noted(call: Any) -> Any:
        calls.append(call)
        return stream(call)

    monkeypatch.setattr(whorl.servers, "stream", noted)
    return calls


async def test_a_run_is_told_and_offered_what_its_agent_says(
    whorl: Whorl, acme: Actor, rival: Actor, prompts: list[Any]
) -> None:
    await define(whorl, acme, "tutor", prompt="You teach.", tools=["calculator"], answer_tokens=9)
    for actor, agent in ((acme, "tutor"), (acme, "default"), (rival, "default")):
        await whorl.agents.answer(actor, RunRequest("When?", agent=agent, instructions="Be brief."))
    with pytest.raises(NotFoundError, match="no agent 'tutor'"):
        await whorl.agents.answer(rival, RunRequest("When?", agent="tutor"))
    told = dict.fromkeys(
        (
            call.messages[0]["content"],
            *(each["function"]["name"] for each in call.tools),
            call.sampling.max_tokens,
            call.tenant,
        )
        for call in prompts
    )
    own = (f"{SYSTEM}\n\nBe brief.", "search", "calculator", 256)
    assert list(told) == [
        ("You teach.\n\nBe brief.", "calculator", 9, str(acme.tenant_id)),
        (*own, str(acme.tenant_id)),
        (*own, str(rival.tenant_id)),
    ]


async def test_the_default_agent_may_be_defined_too(whorl: Whorl, acme: Actor, prompts: list[Any]) -> None:
    await define(whorl, acme, "default", prompt="You are Ada.", tools=[])
    await whorl.agents.answer(acme, RunRequest("When?"))
    assert prompts[0].messages[0]["content"] == "You are Ada." and not prompts[0].tools


async def test_calls_of_the_model_are_limited(whorl: Whorl, acme: Actor) -> None:
    await define(whorl, acme, "brief", most_steps=1)
    ended = await whorl.agents.answer(acme, RunRequest("What is 2 * 3?", agent="brief"))
    assert isinstance(ended, RunEnded) and ended.steps == 1


async def test_a_definition_asks_for_people_where_the_request_does_not(whorl: Whorl, acme: Actor) -> None:
    await define(whorl, acme, "careful", approve="changing")
    wanted = {
        "never": "changing", "changing": "changing", "always": "always",
    }  # fmt: skip
    for said, approve in wanted.items():
        request = RunRequest("When?", agent="careful", approve=said)
        assert (await asked(whorl, acme, request)).approve == approve
    with pytest.raises(InputError, match="POST /api/runs"):
        await asked(whorl, acme, RunRequest("When?", agent="careful", keep=False))
    own = Toolbox([tool("own")])
    evaluated = await asked(whorl, acme, RunRequest("When?", agent="careful", keep=False, toolbox=own))
    assert evaluated.approve == "never" and evaluated.toolbox is own


async def test_tools_of_one_workspace_are_no_others(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    whorl.agents.toolbox = Toolbox([tool("shared"), tool("crm", frozenset({"acme"}))])
    await define(whorl, acme, "seller", tools=["crm"])
    with pytest.raises(InputError, match=r"There is no tool crm\. Tools are: shared"):
        await define(whorl, rival, "seller", tools=["crm"])
    offered = [await asked(whorl, actor, RunRequest("When?")) for actor in (acme, rival)]
    assert [list(each.toolbox.tools) for each in offered if each.toolbox] == [["shared", "crm"], ["shared"]]


def test_workspaces_have_different_tools_of_one_name() -> None:
    one, other, shared = tool("list", frozenset({"acme"})), tool("list", frozenset({"rival"})), tool("read")
    box = Toolbox([one, other, shared])
    assert [box.of_tenant(slug).tools.get("list") for slug in ("acme", "rival", "third")] == [
        one,
        other,
        None,
    ]
    assert list(box.tools) == ["read"] and list(box) == [one, other, shared]
    assert list(box.without(["read"])) == [one, other]
    assert [each.name for each in replaying(box, [])] == ["list", "list", "read"]
    with pytest.raises(InputError, match="Two tools"):
        Toolbox([one, tool("list", frozenset({"acme", "third"}))])


@pytest.mark.parametrize("name", ["model", "whorl", "scripted"])
async def test_an_agent_takes_no_models_name(whorl: Whorl, acme: Actor, name: str) -> None:
    assert whorl.servers.base == "scripted"
    with pytest.raises(InputError, match="the name of a model"):
        await define(whorl, acme, name)


async def test_who_may_not_administer_defines_nothing(whorl: Whorl, acme: Actor) -> None:
    member = Actor(acme.tenant_id, acme.tenant_slug, "member", "Ada")
    with pytest.raises(PermissionDeniedError):
        await define(whorl, member, "tutor")


async def test_agents_over_http(site: Site) -> None:
    async with site.client("owner") as owner, site.client("rival") as rival, site.client("member") as member:
        made = await owner.put("/api/agents/tutor", json={"prompt": "You teach.", "tools": ["calculator"]})
        again = await owner.put("/api/agents/tutor", json={"description": "Teaches.", "tools": []})
        wrong = [
            await owner.put("/api/agents/Tutor", json={}),
            await owner.put("/api/agents/tutor", json={"tools": ["none"]}),
            await owner.put("/api/agents/tutor", json={"promt": "x"}),
            await member.put("/api/agents/tutor", json={}),
        ]
        listed = [(await each.get("/api/agents")).json() for each in (owner, member, rival)]
        models = [[m["id"] for m in (await each.get("/v1/models")).json()["data"]] for each in (owner, rival)]
        runs = [
            await each.post("/api/runs", json={"question": "When?", "agent": "tutor"})
            for each in (owner, rival)
        ]
        chat = {"model": "tutor", "messages": [{"role": "user", "content": "When?"}]}
        chats = [await each.post("/v1/chat/completions", json=chat) for each in (owner, rival)]
        tools = (await member.get("/api/tools")).json()
        gone = await owner.delete("/api/agents/tutor")
        twice = await owner.delete("/api/agents/tutor")
    assert (made.status_code, again.status_code, again.json()["prompt"]) == (200, 200, None)
    assert [each.status_code for each in wrong] == [422, 422, 422, 403]
    assert [[agent["name"] for agent in each] for each in listed] == [["tutor"], ["tutor"], []]
    assert "tutor" in models[0] and "tutor" not in models[1]
    assert [each.status_code for each in runs] == [200, 404] and "default" in runs[1].json()["detail"]
    assert [each.status_code for each in chats] == [200, 404]
    assert [each["name"] for each in tools] == ["search", "calculator"]
    assert (gone.status_code, twice.status_code) == (204, 404)


async def test_an_agent_is_told_all_of_a_history(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    servers, calls = site.app.state.whorl.servers, []
    stream = servers.stream
    monkeypatch.setattr(servers, "stream", lambda call: calls.append(call) or stream(call))
    made = {"id": "c1", "type": "function", "function": {"name": "tide_at", "arguments": '{"place": "Cork"}'}}
    history = [
        {"role": "user", "content": "When is high tide?"},
        {"role": "assistant", "content": "", "tool_calls": [made]},
        {"role": "tool", "content": "18:40", "tool_call_id": "c1"},
        {"role": "assistant", "content": "At 18:40."},
    ]
    asked = {"role": "user", "content": "How often does the tide turn?"}
    said = [{"role": "developer", "content": "Be brief."}, *history, asked]
    async with site.client("owner") as owner:
        answered = await owner.post("/v1/chat/completions", json={"model": "whorl", "messages": said})
    assert answered.status_code == 200, answered.text
    assert calls[0].messages[0] == {"role": "system", "content": f"{SYSTEM}\n\nBe brief."}
    assert calls[0].messages[1:] == [*history, asked]


async def test_an_agent_searches_its_own_collection(site: Site) -> None:
    async with site.client("owner") as owner, site.client("rival") as rival:
        for text, collection in (("The tide turns twice.", "sea"), ("The moon turns once.", "sky")):
            file = {"file": ("facts.txt", text.encode())}
            added = await owner.post(f"/api/documents?collection={collection}", files=file)
            assert added.status_code == 201
        await owner.put("/api/agents/sailor", json={"collection": "sea"})
        ended = await owner.post("/api/runs", json={"question": "What turns?", "agent": "sailor"})
        cited = ended.json()["citations"][0]["document_id"]
        found = [
            (await owner.get(f"/api/search?q=turns&collection={name}")).json()[0]["text"]
            for name in ("sea", "sky")
        ]
        text = (await owner.get(f"/api/documents/{cited}")).json()["text"]
        shelves = [(await each.get("/api/collections")).json() for each in (owner, rival)]
        missing = [
            await owner.get("/api/documents?collection=land"), await owner.get("/api/search?q=x&collection=land"),
            await rival.delete("/api/collections/sea"), await rival.get(f"/api/documents/{cited}"),
            await owner.get("/api/search?q=x&collection=No"),
        ]  # fmt: skip
        gone = await owner.delete("/api/collections/sea")
        after = await owner.get(f"/api/documents/{cited}")
    assert "tide" in ended.json()["answer"] and text == "The tide turns twice."
    assert found == ["The tide turns twice.", "The moon turns once."]
    assert [[(each["name"], each["documents"]) for each in every] for every in shelves] == [
        [("sea", 1), ("sky", 1)],
        [],
    ]
    assert [each.status_code for each in missing] == [404, 404, 404, 404, 422]
    assert (gone.status_code, after.status_code) == (204, 404)


async def test_a_run_looks_its_agent_up_once_and_says_which_there_are(site: Site) -> None:
    looked: list[str] = []

    def noted(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if "FROM agents" in statement:
            looked.append(statement)

    async with site.client("owner") as owner:
        await owner.put("/api/agents/brief", json={"prompt": "Be brief."})
        engine = site.app.state.whorl.engine.sync_engine
        event.listen(engine, "before_cursor_execute", noted)
        asked = await owner.post("/api/runs", json={"question": "When?", "agent": "brief"})
        event.remove(engine, "before_cursor_execute", noted)
        unknown = await owner.post("/api/runs", json={"question": "When?", "agent": "nobody"})
        runs = (await owner.get("/api/runs")).json()
    assert asked.status_code == 200 and len(looked) == 1
    assert unknown.status_code == 404 and "default, brief" in unknown.text
    assert len(runs) == 1, "a run of no agent does not begin"


async def test_a_run_that_waits_goes_on_without_its_agents_definition(whorl: Whorl, acme: Actor) -> None:
    request = RunRequest("When?", agent="careful")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        with pytest.raises(NotFoundError, match="no agent 'careful'"):
            await as_defined(session, acme, request, whorl.agents.toolbox)
        gone = await as_defined(session, acme, request, whorl.agents.toolbox, begun=True)
    assert gone.agent == "careful" and gone.prompt is None
