"""Clients that people have already, against a running application: OpenAI's, LangChain's, LlamaIndex's."""

import base64
import json
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from fastapi import FastAPI, Request
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel
from starlette.responses import JSONResponse, StreamingResponse

from tests.conftest import Addresses, quote_first, test_settings
from tests.needles import in_tables
from tests.serving_app import key_of, served
from whorl.agents.events import RunEnded, RunEvent, RunStarted, TextDelta
from whorl.agents.openai_stream import chunks, logprobs_of
from whorl.platform.app import create_app
from whorl.platform.serving.engine.hermes import forced_opening
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.retrieval.embed.hashing import HashingEmbedder

TOOL: Any = {
    "type": "function",
    "function": {
        "name": "tide_at",
        "description": "When the tide is highest.",
        "parameters": {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]},
    },
}
STRICT: Any = {"type": "function", "function": {**TOOL["function"], "strict": True}}
ASKED: Any = [{"role": "user", "content": "When is high tide in Cork?"}]
DOCUMENT = ("tides.md", b"# Tides\n\nThe tide turns twice a day.")
EMBEDDER = HashingEmbedder()


def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """An agent as ``quote_first``; a model that calls the caller's tool, then says what the tool said."""
    names = [tool["function"]["name"] for tool in tools]
    last = messages[-1]
    if "search" in names:
        return quote_first(messages, tools, adapter)
    if last["role"] == "assistant":
        openings = {forced_opening(name, arguments=name == "tide_at"): name for name in (*names, None)}
        demanded = openings[last["content"]]
        asked = str(messages[-2]["content"])
        if "poem" in asked:
            return 'a poem"}' if demanded else "no_tool"
        rest = 'place": "Cork"}}\n</tool_call>'
        return {"tide_at": rest, "now": "\n"}.get(str(demanded), f'tide_at", "arguments": {{"{rest}')
    if last["role"] == "tool":
        return f"High tide is at {last['content']}."
    if names and "and when" in last["content"]:
        return 2 * call_text("tide_at", place="Cork")
    if names:
        return f"I look.\n{call_text('tide_at', place='Cork')}"
    said = [message["content"] for message in messages if message["role"] == "system"]
    return f"{adapter or 'base'} heard {last['content']!r} and {len(said)} system messages"


@pytest.fixture(scope="module")
def address(make_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Addresses]]:
    """A running application with a scripted model, and its database."""
    database = make_database()
    folder = tmp_path_factory.mktemp("clients")
    app = create_app(
        test_settings(database, folder / "whorl", worker="external"), backend=ScriptedBackend(script)
    )
    with served(app) as url:
        yield url, database


@pytest.fixture(scope="module")
def key(address: tuple[str, Addresses]) -> str:
    return key_of(address[1], "acme")


@pytest.fixture(scope="module")
def client(address: tuple[str, Addresses], key: str) -> Iterator[openai.OpenAI]:
    """OpenAI's own client, and a document to find."""
    headers = {"Authorization": f"Bearer {key}"}
    httpx.post(f"{address[0]}/api/documents", files={"file": DOCUMENT}, headers=headers).raise_for_status()
    with openai.OpenAI(base_url=f"{address[0]}/v1", api_key=key, max_retries=0) as made:
        yield made


def test_models_are_listed_and_found(client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert names == ["whorl", "scripted", EMBEDDER.name]
    assert client.models.retrieve("scripted").owned_by == "whorl"
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("gpt-4o")
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")


def test_an_agent_answers_with_its_own_tools(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="whorl", messages=[{"role": "user", "content": "How often does the tide turn?"}]
    )
    assert reply.choices[0].message.content == "The tide turns twice a day. [1]"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None and reply.usage.total_tokens > reply.usage.completion_tokens > 0
    assert reply.model_extra is not None and reply.model_extra["whorl"]["citations"][0]["title"] == "Tides"


@pytest.mark.parametrize("model", ["whorl", "scripted"])
def test_streams_say_what_the_whole_reply_says(client: openai.OpenAI, model: str) -> None:
    asked: Any = [{"role": "user", "content": "How often does the tide turn?"}]
    whole = client.chat.completions.create(model=model, messages=asked)
    stream = client.chat.completions.create(
        model=model, messages=asked, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said.strip() == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage and not chunks[-1].choices
    assert [c.choices[0].finish_reason for c in chunks[:-1]][-1] == "stop"
    plain = client.chat.completions.create(model=model, messages=asked, stream=True)
    assert all(chunk.usage is None for chunk in plain)


def test_a_model_calls_the_tools_of_the_caller(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(model="scripted", messages=ASKED, tools=[TOOL])
    message = reply.choices[0].message
    assert reply.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls is not None
    [call] = message.tool_calls
    assert call.type == "function" and json.loads(call.function.arguments) == {"place": "Cork"}
    told: Any = {"role": "tool", "tool_call_id": call.id, "content": "18:40"}
    messages: Any = [*ASKED, message.model_dump(exclude_none=True), told]
    after = client.chat.completions.create(model="scripted", messages=messages, tools=[TOOL])
    assert after.choices[0].message.content == "High tide is at 18:40."


def test_a_streamed_call_comes_whole(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(model="scripted", messages=ASKED, tools=[TOOL]) as stream:
        final = stream.get_final_completion()
    [call] = final.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.arguments) == ("tide_at", '{"place": "Cork"}')
    assert str(final.choices[0].message.content).strip() == "I look."


NOW: Any = {"type": "function", "function": {"name": "now"}}
THE_ONE: Any = {"type": "function", "function": {"name": "tide_at"}}


@pytest.mark.parametrize(
    ("choice", "tools"),
    [("required", [TOOL]), ("required", [NOW, TOOL]), (THE_ONE, [TOOL]), (THE_ONE, [NOW, TOOL])],
)
def test_a_call_can_be_demanded(client: openai.OpenAI, choice: Any, tools: Any) -> None:
    reply = client.chat.completions.create(model="scripted", messages=ASKED, tools=tools, tool_choice=choice)
    [call] = reply.choices[0].message.tool_calls or []
    assert call.type == "function" and call.function.arguments == '{"place": "Cork"}'


def test_a_tool_that_takes_nothing_can_be_demanded(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="scripted", messages=ASKED, tools=[NOW, TOOL], tool_choice=NOW
    )
    [call] = reply.choices[0].message.tool_calls or []
    assert call.type == "function" and (call.function.name, call.function.arguments) == ("now", "{}")


@pytest.mark.parametrize("tools", [[TOOL], [NOW, TOOL]])
def test_a_demanded_call_that_the_model_does_not_write_is_said(client: openai.OpenAI, tools: Any) -> None:
    asked: Any = [{"role": "user", "content": "Write a poem."}]
    with pytest.raises(openai.APIStatusError, match="The model was to call") as said:
        client.with_options(max_retries=0).chat.completions.create(
            model="scripted", messages=asked, tools=tools, tool_choice="required"
        )
    assert said.value.status_code == 502


def test_null_is_the_default(client: openai.OpenAI) -> None:
    reply = client.chat.completions.create(
        model="scripted",
        messages=ASKED,
        temperature=None,
        top_p=None,
        stream=None,
        max_tokens=None,
        stop=None,
    )
    assert reply.choices[0].message.content
    vector = client.embeddings.create(model=EMBEDDER.name, input="Tide.", encoding_format=None)
    assert len(vector.data[0].embedding) > 1


def test_a_reply_is_cut_at_its_tokens_and_stops(client: openai.OpenAI) -> None:
    cut = client.chat.completions.create(model="scripted", messages=ASKED, max_tokens=3)
    assert cut.choices[0].finish_reason == "length"
    stopped = client.chat.completions.create(model="scripted", messages=ASKED, stop=" heard")
    assert stopped.choices[0].message.content == "base"


def test_vectors_are_those_of_the_embedder(client: openai.OpenAI) -> None:
    texts = ["The tide turns.", "Twice a day.", "Ü"]
    wanted = EMBEDDER.embed_texts(texts)
    default = client.embeddings.create(model=EMBEDDER.name, input=texts)
    floats = client.embeddings.create(model=EMBEDDER.name, input=texts, encoding_format="float")
    raw = client.embeddings.create(model=EMBEDDER.name, input=texts[0], encoding_format="base64")
    for answer in (default, floats):
        assert [each.index for each in answer.data] == [0, 1, 2]
        np.testing.assert_allclose([each.embedding for each in answer.data], wanted, atol=1e-7)
    decoded = np.frombuffer(base64.b64decode(str(raw.data[0].embedding)), dtype="<f4")
    np.testing.assert_array_equal(decoded, wanted[0])
    assert default.usage.prompt_tokens == sum(EMBEDDER.count_tokens(texts))
    assert client.embeddings.create(model=EMBEDDER.name, input="a", dimensions=384).data
    with pytest.raises(openai.BadRequestError, match="384 dimensions") as refused:
        client.embeddings.create(model=EMBEDDER.name, input="a", dimensions=100)
    assert refused.value.param == "dimensions"
    for too_much, said in (
        ("a " * 8193, "A text has 8193 tokens"),
        (["a " * 8000] * 38, "The texts have 304000"),
    ):
        with pytest.raises(openai.BadRequestError, match=said) as refused:
            client.embeddings.create(model=EMBEDDER.name, input=too_much)
        assert refused.value.param == "input"


@pytest.mark.parametrize(
    ("changed", "error", "param"),
    [
        ({"model": "rival.v1"}, openai.NotFoundError, "model"),
        ({"temperature": 9}, openai.BadRequestError, "temperature"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"tools": [TOOL]}, openai.BadRequestError, "tools"),
        ({"logprobs": True}, openai.BadRequestError, "logprobs"),
        ({"response_format": {"type": "json_object"}}, openai.BadRequestError, "response_format"),
        ({"model": "scripted", "tool_choice": "required"}, openai.BadRequestError, None),
        ({"model": "scripted", "response_format": {"type": "json_object"}}, openai.BadRequestError, None),
        ({"top_logprobs": 3}, openai.BadRequestError, "top_logprobs"),
        ({"n": 2}, openai.BadRequestError, "n"),
        ({"modalities": ["audio"]}, openai.BadRequestError, "modalities"),
        ({"frequency_penalty": 0.5}, openai.BadRequestError, "frequency_penalty"),
        ({"extra_body": {"functions": []}}, openai.BadRequestError, "functions"),
        ({"model": "scripted", "extra_body": {"temprature": 0}}, openai.BadRequestError, "temprature"),
        ({"model": "scripted", "presence_penalty": 3}, openai.BadRequestError, "presence_penalty"),
        ({"model": "scripted", "logit_bias": {"cat": 1}}, openai.BadRequestError, "logit_bias.cat.[key]"),
        ({"model": "scripted", "extra_body": {"top_k": 0.5}}, openai.BadRequestError, "top_k"),
        ({"model": "scripted", "extra_body": {"guided_choice": []}}, openai.BadRequestError, "guided_choice"),
        (
            {"model": "scripted", "extra_body": {"structured_outputs": {}}},
            openai.BadRequestError,
            "structured_outputs",
        ),
        ({"model": "scripted", "frequency_penalty": 0.5}, openai.BadRequestError, None),
        ({"model": "scripted", "extra_body": {"guided_regex": "a+"}}, openai.BadRequestError, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_have_openais_shape(
    client: openai.OpenAI,
    changed: dict[str, Any],
    error: type[openai.APIStatusError],
    param: str | None,
    stream: bool,
) -> None:
    with pytest.raises(error) as raised:
        client.chat.completions.create(**{"model": "whorl", "messages": ASKED, "stream": stream, **changed})
    assert set(raised.value.body) == {"message", "type", "param", "code"}  # type: ignore[call-overload]
    assert raised.value.type == "invalid_request_error"
    assert param is None or raised.value.param == param


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n": 2}, "a request has one reply; send it as often as there shall be replies"),
        ({"model": "whorl", "logprobs": True}, "leave logprobs out, or ask a model, see GET /v1/models"),
        ({"top_logprobs": 3}, "top_logprobs goes with logprobs true"),
        ({"logprobs": True, "top_logprobs": 21}, "Input should be less than or equal to 20"),
        ({"extra_body": {"best_of": 3}}, "A request has one reply, of one draw: leave best_of out."),
        (
            {"extra_body": {"temprature": 0}},
            "There is no field temprature; GET /docs names those that there are.",
        ),
        (
            {"model": "whorl", "extra_body": {"top_k": 5}},
            "whorl is an agent, which says itself how it is answered",
        ),
        (
            {"model": "whorl", "verbosity": "low"},
            "whorl is an agent, which says itself how it is answered: leave verbosity out",
        ),
        (
            {"extra_body": {"min_p": 0.5}},
            "The embedded model cannot do min_p: leave it out, or let a vLLM server",
        ),
        (
            {"extra_body": {"guided_regex": "a", "guided_choice": ["a"]}},
            "a reply has one shape, and guided_choice and guided_regex each give it one",
        ),
    ],
)
def test_what_is_not_honoured_is_refused_in_a_sentence(
    client: openai.OpenAI, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(**{"model": "scripted", "messages": ASKED, **changed})
    assert said in raised.value.message


def test_a_models_tokens_come_with_their_log_probabilities(client: openai.OpenAI) -> None:
    asked: Any = {"model": "scripted", "messages": ASKED}
    assert client.chat.completions.create(**asked).choices[0].logprobs is None
    assert all(c.choices[0].logprobs is None for c in client.chat.completions.create(**asked, stream=True))
    for top in (None, 1):
        wanted: Any = {**asked, "logprobs": True, "top_logprobs": top}
        choice = client.chat.completions.create(**wanted).choices[0]
        with client.chat.completions.stream(**wanted) as told:
            streamed = told.get_final_completion().choices[0]
        assert choice.logprobs is not None and choice.logprobs.content and choice.logprobs.refusal is None
        assert streamed.logprobs is not None and streamed.logprobs.content == choice.logprobs.content
        said = b"".join(bytes(token.bytes or []) for token in choice.logprobs.content)
        assert said.decode() == choice.message.content == streamed.message.content
        for token in choice.logprobs.content:
            assert token.logprob == 0.0
            assert [each.token for each in token.top_logprobs] == ([token.token] if top else [])


def test_tokens_of_calls_come_with_their_log_probabilities(client: openai.OpenAI) -> None:
    wanted: Any = {"model": "scripted", "messages": ASKED, "tools": [TOOL], "logprobs": True}
    choice = client.chat.completions.create(**wanted).choices[0]
    with client.chat.completions.stream(**wanted) as told:
        streamed = told.get_final_completion().choices[0]
    assert choice.message.tool_calls and choice.logprobs is not None and streamed.logprobs is not None
    assert choice.logprobs.content and streamed.logprobs.content == choice.logprobs.content
    assert "tool_call" in "".join(token.token for token in choice.logprobs.content)


def test_a_part_of_a_character_has_the_bytes_that_its_server_tells() -> None:
    [told, untold] = logprobs_of(
        [{"token": "\ufffd", "logprob": -1.5, "bytes": [226, 130]}, {"token": "\ufffd", "logprob": -1.5}]
    )["content"]
    assert told == {"token": "\ufffd", "logprob": -1.5, "bytes": [226, 130], "top_logprobs": []}
    assert untold == {**told, "bytes": None}


@pytest.mark.parametrize("model", ["whorl", "scripted"])
def test_what_changes_nothing_is_taken(client: openai.OpenAI, model: str) -> None:
    reply = client.chat.completions.create(
        model=model, messages=ASKED, n=1, logprobs=False, frequency_penalty=0, presence_penalty=0, logit_bias={},
        user="someone", metadata={"a": "b"}, store=False, service_tier="auto", modalities=["text"],
        response_format={"type": "text"}, extra_body={"top_k": -1, "min_p": 0, "best_of": None},
    )  # fmt: skip
    assert reply.choices[0].message.content


def test_one_call_alone_where_parallel_ones_are_not_wanted(client: openai.OpenAI) -> None:
    for stream in (False, True):
        for parallel, count in ((None, 2), (True, 2), (False, 1)):
            given: Any = {} if parallel is None else {"parallel_tool_calls": parallel}
            asked: Any = [{"role": "user", "content": "When is high tide in Cork, and when in Cork?"}]
            options: Any = {"model": "scripted", "messages": asked, "tools": [TOOL], **given}
            if stream:
                with client.chat.completions.stream(**options) as told:
                    message = told.get_final_completion().choices[0].message
            else:
                message = client.chat.completions.create(**options).choices[0].message
            assert len(message.tool_calls or []) == count


async def test_a_stream_that_breaks_says_why() -> None:
    run_id = uuid.uuid4()

    async def events() -> AsyncGenerator[RunEvent, None]:
        yield TextDelta(1, "The tide")
        yield RunEnded(run_id, "failed", "error", "", [], 1, 9, 2, "The prompt is too long.", fault=422)

    started = RunStarted(run_id, None, "scripted", None)
    told = [piece async for piece in chunks(events(), started, {"id": "chatcmpl-1"}, usage=True)]
    assert json.loads(told[-1][6:])["error"] == {
        "message": "The prompt is too long.", "type": "invalid_request_error", "param": None, "code": None,
    }  # fmt: skip


def test_a_wrong_key_and_one_that_may_not(client: openai.OpenAI, address: tuple[str, Addresses]) -> None:
    wrong = client.with_options(api_key="sk-123")
    with pytest.raises(openai.AuthenticationError) as raised:
        wrong.models.list()
    assert raised.value.code == "invalid_api_key"
    viewer = client.with_options(api_key=key_of(address[1], "acme", "viewer"))
    with pytest.raises(openai.PermissionDeniedError):
        viewer.embeddings.create(model=EMBEDDER.name, input="a")


def test_langchain_chats_streams_calls_and_embeds(
    address: tuple[str, Addresses], key: str, client: Any
) -> None:
    options: Any = {"base_url": f"{address[0]}/v1", "api_key": key, "max_retries": 0}
    agent = ChatOpenAI(model="whorl", **options)
    assert agent.invoke("How often does the tide turn?").content == "The tide turns twice a day. [1]"
    pieces = list(agent.stream("How often does the tide turn?"))
    assert "".join(str(piece.content) for piece in pieces).strip() == "The tide turns twice a day. [1]"
    model = ChatOpenAI(model="scripted", **options)
    asked = model.bind_tools([TOOL]).invoke([HumanMessage("When is high tide in Cork?")])
    assert asked.tool_calls[0]["args"] == {"place": "Cork"}
    assert asked.usage_metadata is not None and asked.usage_metadata["total_tokens"] > 0
    shaped = model.with_structured_output(TOOL["function"] | {"title": "tide_at"}, method="function_calling")
    assert shaped.invoke("When is high tide in Cork?") == {"place": "Cork"}
    for as_token_ids in (True, False):
        embeddings = OpenAIEmbeddings(model=EMBEDDER.name, check_embedding_ctx_length=as_token_ids, **options)
        np.testing.assert_allclose(
            embeddings.embed_documents(["The tide turns.", "Twice."]),
            EMBEDDER.embed_texts(["The tide turns.", "Twice."]), atol=1e-7,
        )  # fmt: skip


def tide_at(place: str) -> str:
    """When the tide is highest."""
    return "18:40"


def test_llamaindex_chats_streams_calls_and_embeds(
    address: tuple[str, Addresses], key: str, client: Any
) -> None:
    options: Any = {"api_base": f"{address[0]}/v1", "api_key": key, "max_retries": 0}
    agent = OpenAILike(model="whorl", is_chat_model=True, **options)
    asked = [ChatMessage(role="user", content="How often does the tide turn?")]
    assert agent.chat(asked).message.content == "The tide turns twice a day. [1]"
    assert str([*agent.stream_chat(asked)][-1].message.content).strip() == "The tide turns twice a day. [1]"
    model = OpenAILike(model="scripted", is_chat_model=True, is_function_calling_model=True, **options)
    reply = model.chat_with_tools(
        [FunctionTool.from_defaults(tide_at)], user_msg="When is high tide in Cork?"
    )
    assert model.get_tool_calls_from_response(reply)[0].tool_kwargs == {"place": "Cork"}
    embedder = OpenAILikeEmbedding(model_name=EMBEDDER.name, **options)
    np.testing.assert_allclose(
        embedder.get_text_embedding_batch(["The tide turns.", "Twice."]),
        EMBEDDER.embed_texts(["The tide turns.", "Twice."]), atol=1e-7,
    )  # fmt: skip


def test_nobody_reaches_what_is_anothers_by_its_name(
    client: openai.OpenAI, address: tuple[str, Addresses], tmp_path: Path
) -> None:
    """An agent and an adapter of the rival: they answer the rival, and for others they do not exist."""
    import asyncio

    from whorl.platform.database.session import create_engine, tenant_session
    from whorl.platform.identity.bootstrap import ensure_tenant
    from whorl.platform.serving.adapters import register_adapter, switch_route

    url, database = address
    (tmp_path / "adapter_config.json").write_text("{}")
    rivals = openai.OpenAI(base_url=f"{url}/v1", api_key=key_of(database, "rival"), max_retries=0)

    async def prepare() -> None:
        engine = create_engine(database.app)
        tenant = (await ensure_tenant(engine, "rival")).tenant
        async with tenant_session(engine, tenant.id) as session:
            made: dict[str, Any] = {"base_hash": "", "dataset_id": None, "folder": tmp_path, "card": {}}
            await register_adapter(session, tenant.id, "rival.v1", method="sft", **made)
            tainted = await register_adapter(session, tenant.id, "rival.v2", method="sft", **made)
            tainted.state = "tainted"
            await register_adapter(session, tenant.id, "rival.v3", method="reward", **made)
            await switch_route(session, tenant.id, "harbour", "rival.v1")
        await engine.dispose()

    asyncio.run(prepare())
    assert [m.id for m in rivals.models.list()] == ["whorl", "harbour", "scripted", "rival.v1", EMBEDDER.name]
    assert rivals.chat.completions.create(model="harbour", messages=ASKED).choices[0].message.content
    direct = rivals.chat.completions.create(model="rival.v1", messages=ASKED).choices[0].message
    assert str(direct.content).startswith("rival.v1 heard")
    for name in ("rival.v2", "rival.v3"):
        with pytest.raises(openai.NotFoundError):
            rivals.chat.completions.create(model=name, messages=ASKED)
    said = []
    for name in ("harbour", "rival.v1", "nowhere.v1"):
        for stream in (False, True):
            with pytest.raises(openai.NotFoundError) as raised:
                client.chat.completions.create(model=name, messages=ASKED, stream=stream)
            said.append(str(raised.value).replace(name, "NAME"))
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)
    assert len(set(said)) == 1, "what is another's reads as what is nowhere"


class Recorder:
    """A model server that answers with JSON, and remembers what it was asked."""

    def __init__(self) -> None:
        self.app, self.asked = FastAPI(), list[dict[str, Any]]()
        self.app.get("/v1/models")(self.models)
        self.app.post("/v1/chat/completions")(self.answer)

    async def models(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "Qwen/Qwen3", "object": "model", "parent": None}]}

    async def answer(self, request: Request) -> StreamingResponse:
        self.asked.append(await request.json())
        delta = {"role": "assistant", "content": '{"hour": 18}'}
        chunks = [
            {"choices": [{"index": 0, "delta": delta, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}},
        ]
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        return StreamingResponse(iter([*lines, "data: [DONE]\n\n"]), media_type="text/event-stream")


# What goes to the model server as it is, save the former names of structured outputs.
PASSED: list[dict[str, Any]] = [
    {
        "frequency_penalty": 0.5,
        "presence_penalty": -1.5,
        "repetition_penalty": 1.1,
        "top_k": 20,
        "min_p": 0.05,
    },
    {
        "logit_bias": {"50256": -100.0},
        "min_tokens": 4,
        "stop_token_ids": [2],
        "bad_words": ["tide"],
        "ignore_eos": True,
    },
    {"chat_template_kwargs": {"enable_thinking": False}, "reasoning_effort": "low", "verbosity": "low"},
    {"guided_json": {"type": "object", "properties": {"hour": {"default": None}}}},
    {"guided_regex": "[0-9]+"},
    {"guided_choice": ["high", "low"]},
    {"guided_grammar": "root ::= [0-9]"},
    {"structured_outputs": {"json": {"type": "object"}, "disable_any_whitespace": True}},
    {"structured_outputs": {"choice": ["high", "low"]}},
    {"response_format": {"type": "structural_tag", "structures": [{"begin": "<a>"}], "triggers": ["<a>"]}},
    {"response_format": {"type": "structural_tag", "format": {"type": "any_text"}}},
]


class Tide(BaseModel):
    """What the model shall answer."""

    hour: int


def test_what_is_asked_of_a_model_comes_to_its_server(make_database: Any, tmp_path: Path) -> None:
    database, recorder = make_database(), Recorder()
    with served(recorder.app) as model_url:
        app = create_app(test_settings(database, tmp_path / "whorl", worker="external", model_url=model_url))
        with served(app) as url:
            client = openai.OpenAI(base_url=f"{url}/v1", api_key=key_of(database, "acme"), max_retries=0)
            assert client.models.retrieve("Qwen/Qwen3").id == "Qwen/Qwen3"
            reply = client.chat.completions.parse(
                model="Qwen/Qwen3", messages=ASKED, tools=[], response_format=Tide, seed=5, temperature=0.3,
                max_tokens=99, stop=["!"],
            )  # fmt: skip
            assert reply.choices[0].message.parsed == Tide(hour=18)
            assert reply.usage is not None and reply.usage.total_tokens == 12
            choice: Any = {"type": "function", "function": {"name": "tide_at"}}
            client.chat.completions.create(
                model="Qwen/Qwen3", messages=ASKED, tools=[TOOL], tool_choice=choice
            )
            for given in PASSED:
                client.chat.completions.create(model="Qwen/Qwen3", messages=ASKED, extra_body=given)
            client.chat.completions.create(
                model="Qwen/Qwen3", messages=ASKED, tools=[STRICT], parallel_tool_calls=False
            )
    first, second, *passed, third = recorder.asked
    assert first["response_format"]["json_schema"]["schema"]["required"] == ["hour"]
    assert (first["seed"], first["temperature"], first["max_tokens"], first["stop"]) == (5, 0.3, 99, ["!"])
    assert first["messages"] == ASKED and "tools" not in first
    assert second["tools"] == [TOOL] and second["tool_choice"] == choice
    assert "response_format" not in second and "parallel_tool_calls" not in second
    ours = {*first} - {"response_format", "seed", "stop"}
    assert [{name: asked[name] for name in asked.keys() - ours} for asked in passed] == [
        {"structured_outputs": {name[len("guided_") :]: value}} if name.startswith("guided_") else given
        for given in PASSED
        for name, value in [next(iter(given.items()))]
    ]
    assert third["tools"] == [STRICT] and third["parallel_tool_calls"] is False
    assert not any("max_tokens" in asked for asked in (second, *passed, third)), "a server knows its context"


FENCED = "    if tide:\n        sail()\n\n"


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_model_is_asked_for_comes_back_as_it_was_written(
    make_database: Any, tmp_path: Path, stream: bool
) -> None:
    """Indented code, a blank at the end, and that a filter of the server's cut it."""

    async def post(request: Request) -> StreamingResponse:
        pieces = [
            {"model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}
            for text, finish in ((FENCED, None), ("", "content_filter"))
        ]
        lines = [f"data: {json.dumps(piece)}\n\n" for piece in pieces]
        return StreamingResponse(iter([*lines, "data: [DONE]\n\n"]), media_type="text/event-stream")

    with upstream(post, make_database(), tmp_path) as client:
        if stream:
            said = list(client.chat.completions.create(model="m", messages=ASKED, stream=True))
            text = "".join(piece.choices[0].delta.content or "" for piece in said)
            finish = said[-1].choices[0].finish_reason
        else:
            choice = client.chat.completions.create(model="m", messages=ASKED).choices[0]
            text, finish = str(choice.message.content), choice.finish_reason
    assert (text, finish) == (FENCED, "content_filter")


@pytest.mark.parametrize(
    ("status", "said", "told", "code"),
    [
        (429, "Slow down.", "The model server: Slow down.", "rate_limit_exceeded"),
        (
            400, "This model's maximum context length is 4096 tokens.",
            "The model server: This model's maximum context length is 4096 tokens.", "context_length_exceeded",
        ),
        (500, "Traceback of /srv/secret", "The model server failed (HTTP 500).", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_what_a_model_server_refuses_is_told_without_its_address(
    make_database: Any, tmp_path: Path, status: int, said: str, told: str, code: str | None, stream: bool
) -> None:
    database = make_database()

    async def post(request: Request) -> JSONResponse:
        return JSONResponse({"error": {"message": said}}, status, {"Retry-After": "7"})

    with upstream(post, database, tmp_path) as client:
        for _ in range(2):
            # The second goes the short way.
            with pytest.raises(openai.APIStatusError) as refused:
                client.chat.completions.create(model="m", messages=ASKED, stream=stream)
        failed = client.get("/../api/runs", cast_to=httpx.Response).json()[0]
    assert refused.value.status_code == {500: 502}.get(status, status)
    error: Any = refused.value.body
    assert (error["message"], error["code"]) == (told, code)
    assert refused.value.response.headers.get("retry-after") == ("7" if status == 429 else None)
    assert failed["status"] == "failed"
    assert in_tables(database.admin, ["127.0.0.1", "/srv/secret"]) == []


@contextmanager
def upstream(post: Callable[[Request], Any], database: Addresses, folder: Path) -> Iterator[openai.OpenAI]:
    """A client of an application whose model server, which has the model m, answers chats by ``post``."""
    model_server = FastAPI()
    model_server.post("/v1/chat/completions")(post)
    model_server.get("/v1/models")(lambda: {"data": [{"id": "m"}]})
    with served(model_server) as model_url:
        settings = test_settings(database, folder / "whorl", worker="external", model_url=model_url)
        with (
            served(create_app(settings)) as url,
            openai.OpenAI(base_url=f"{url}/v1", api_key=key_of(database, "acme"), max_retries=0) as client,
        ):
            yield client
