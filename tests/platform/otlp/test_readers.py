"""Each convention's reader: one list of messages, whatever the spelling."""

import json
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.platform.otlp.spans import read, short
from whorl.platform.telemetry.otlp import chat as chats
from whorl.platform.telemetry.otlp.chat import read_chat
from whorl.platform.telemetry.otlp.tools import tools_of

CALL = ("c1", "find", {"city": "Oslo"})
WHOLE = [
    ("system", "Be kind."),
    ("user", "Weather in Oslo?"),
    ("assistant", CALL),
    ("tool", ("c1", "Rain.")),
]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": SCHEMA}}
OPENAI = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Weather in Oslo?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"city": "Oslo"}'}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "Rain."},
]
ANTHROPIC = {
    "system": "Be kind.",
    "messages": [
        {"role": "user", "content": "Weather in Oslo?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "find", "input": {"city": "Oslo"}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "Rain."}]}
            ],
        },
    ],
}
RESPONSES = {
    "instructions": "Be kind.",
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Weather in Oslo?"}]},
        {
            "type": "function_call",
            "call_id": "c1",
            "name": "find",
            "arguments": '{"city": "Oslo"}',
            "id": "fc_1",
        },
        {"type": "function_call_output", "call_id": "c1", "output": "Rain."},
    ],
}
LANGCHAIN = {
    "messages": [
        [
            {"type": "system", "content": "Be kind."},
            {
                "lc": 1,
                "type": "constructor",
                "id": ["langchain", "schema", "HumanMessage"],
                "kwargs": {"content": "Weather in Oslo?"},
            },
            {
                "type": "ai",
                "content": "",
                "tool_calls": [{"id": "c1", "name": "find", "args": {"city": "Oslo"}, "type": "tool_call"}],
            },
            {"type": "tool", "content": "Rain.", "tool_call_id": "c1"},
        ]
    ]
}
VERCEL = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": [{"type": "text", "text": "Weather in Oslo?"}]},
    {
        "role": "assistant",
        "content": [{"type": "tool-call", "toolCallId": "c1", "toolName": "find", "input": {"city": "Oslo"}}],
    },
    {
        "role": "tool",
        "content": [
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "find",
                "output": {"type": "text", "value": "Rain."},
            }
        ],
    },
]
PARTS = [
    {"role": "system", "parts": [{"type": "text", "content": "Be kind."}]},
    {"role": "user", "parts": [{"type": "text", "content": "Weather in Oslo?"}]},
    {
        "role": "assistant",
        "parts": [{"type": "tool_call", "id": "c1", "name": "find", "arguments": {"city": "Oslo"}}],
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "result": "Rain."}]},
]
PYDANTIC = [
    {
        "kind": "request",
        "parts": [
            {"part_kind": "system-prompt", "content": "Be kind."},
            {"part_kind": "user-prompt", "content": "Weather in Oslo?"},
        ],
    },
    {
        "kind": "response",
        "parts": [
            {
                "part_kind": "tool-call",
                "tool_name": "find",
                "args": {"city": "Oslo"},
                "tool_call_id": "c1",
                "type": "tool-call",
            }
        ],
    },
    {
        "kind": "request",
        "parts": [
            {"part_kind": "tool-return", "tool_name": "find", "content": "Rain.", "tool_call_id": "c1"}
        ],
    },
]


@pytest.mark.parametrize(
    "given",
    [
        OPENAI,
        ANTHROPIC,
        RESPONSES,
        LANGCHAIN,
        VERCEL,
        PARTS,
        PYDANTIC,
        json.dumps(OPENAI),
        {"messages": OPENAI},
        str(OPENAI),
        [json.dumps(one) for one in OPENAI],
    ],
    ids="openai anthropic responses langchain vercel parts pydantic json wrapped python texts".split(),
)
def test_a_chat_is_the_same_in_every_shape(given: Any) -> None:
    assert short(read_chat(given, "user").messages) == WHOLE


@pytest.mark.parametrize(
    "reply",
    [
        "Rain.",
        {"role": "assistant", "content": "Rain."},
        {
            "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "Rain."}, "finish_reason": "stop"}
            ]
        },
        {
            "object": "response",
            "output": [
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Rain."}],
                }
            ],
        },
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": "Rain."}]}, "finishReason": "STOP"}
            ]
        },
        {"generations": [[{"text": "Rain.", "message": {"type": "ai", "content": "Rain."}}]]},
        {"content": [{"type": "text", "text": "Rain."}]},
        {"text": "Rain."},
        [{"type": "text", "text": "Rain."}],
    ],
)
def test_a_reply_is_the_same_in_every_shape(reply: Any) -> None:
    assert short(read_chat(reply, "assistant").messages) == [("assistant", "Rain.")]


def test_reasoning_stays_apart_and_images_are_marks_without_bytes() -> None:
    content = [
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://pictures.example/a.png"}},
        {"inline_data": {"mime_type": "audio/wav", "data": "AAAA"}},
    ]
    messages = read_chat([{"role": "assistant", "content": content}], "assistant").messages
    assert short(messages) == [("assistant", "(Hm.)", "See", "[blob image]", "[uri image]", "[blob audio]")]
    assert "AAAA" not in json.dumps(messages)


@pytest.mark.parametrize(
    "given", ['{"rows": 3}', {"a": [1]}, 7, None, "", [], {}, "[" * 100_000, '{"messages": 1}']
)
def test_what_is_no_chat_is_none(given: Any) -> None:
    assert read_chat(given, "user", plain=False).messages == []


_WORDS = st.one_of(st.sampled_from(["", "Hi"]), st.none())
_PARTS = st.fixed_dictionaries(
    {}, optional={
        "type": st.sampled_from(["text", "image", "tool_call", "tool_call_response", "", 7]), "content": _WORDS,
        "text": st.just("Ho"), "id": st.sampled_from(["c1", "", 7]), "name": st.sampled_from(["find", ""]),
        "arguments": st.sampled_from([{"q": "x"}, {}, '{"q": "x"}', None]), "response": _WORDS,
    },
)  # fmt: skip
_MESSAGES = st.fixed_dictionaries(
    {}, optional={
        "parts": st.one_of(st.lists(_PARTS, max_size=3), st.just("Hi")),
        "role": st.sampled_from(["system", "user", "assistant", "tool", "model", "", 7]),
        "finish_reason": st.sampled_from(["stop", "", None]), "content": st.just("Hey"), "id": st.just("c1"),
    },
)  # fmt: skip


def slowly(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chats, "_own_message", lambda _: None)
        return read_chat(messages, "user").messages


@drawn(st.lists(_MESSAGES, min_size=1, max_size=3))
def test_messages_are_read_quickly_as_they_are_read_slowly(messages: list[dict[str, Any]]) -> None:
    assert json.dumps(read_chat(messages, "user").messages) == json.dumps(slowly(messages))


def test_messages_in_the_form_of_the_conventions_are_read_quickly() -> None:
    text = {"type": "text", "content": "Hi"}
    call = {"type": "tool_call", "id": "c1", "name": "find", "arguments": {"q": "x"}}
    found = {"response": "", "type": "tool_call_response", "id": ""}
    own = [
        {"role": "system", "parts": [text]},
        {"role": "user", "parts": [text, text]},
        {"finish_reason": "stop", "parts": [text, {**call, "arguments": {}}, call], "role": "assistant"},
        {"role": "tool", "parts": [found, found]},
    ]
    assert None not in map(chats._own_message, own)
    assert json.dumps(read_chat(own, "user").messages) == json.dumps(slowly(own)), "to the order of keys"


@pytest.mark.parametrize(
    "other",
    [
        {"role": "tool", "parts": [{"type": "text", "content": "Hi"}]},
        {"role": "user", "parts": [{"type": "tool_call", "id": "c1", "name": "find", "arguments": {}}]},
        {
            "role": "assistant",
            "parts": [{"type": "tool_call", "id": "c1", "name": "find", "arguments": "{}"}],
        },
        {"role": "assistant", "parts": [{"type": "tool_call_response", "id": "c1", "response": "Hi"}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": ["Hi"]}]},
        {"role": "user", "parts": [{"type": "text", "content": "Hi", "speaker": "system"}]},
        {"role": "model", "parts": [{"type": "text", "content": "Hi"}]},
        {"role": "user", "parts": []},
    ],
)
def test_messages_in_another_form_are_read_slowly(other: dict[str, Any]) -> None:
    assert chats._own_message(other) is None


@pytest.mark.parametrize(
    "given",
    [
        [TOOL],
        [TOOL["function"]],
        json.dumps([TOOL]),
        [json.dumps(TOOL)],
        [{"name": "find", "description": "Finds.", "input_schema": SCHEMA}],
        [{"type": "function", "name": "find", "description": "Finds.", "inputSchema": SCHEMA}],
        [{"function_declarations": [{"name": "find", "description": "Finds.", "parameters": SCHEMA}]}],
        [{"tool": {"json_schema": json.dumps(TOOL)}}],
    ],
)
def test_a_tool_is_the_same_in_every_shape(given: Any) -> None:
    assert tools_of(given) == [TOOL]


def test_genai_attributes() -> None:
    found = read(
        gen_ai__operation__name="chat",
        gen_ai__system_instructions='[{"type": "text", "content": "Be kind."}]',
        gen_ai__input__messages=json.dumps(PARTS[1:]),
        gen_ai__output__messages='[{"role":"assistant","content":"Rain."}]',
        gen_ai__tool__definitions=json.dumps([TOOL]),
        gen_ai__request__model="a",
        gen_ai__response__model="b",
        gen_ai__provider__name="openai",
        gen_ai__usage__input_tokens=7,
        gen_ai__usage__output_tokens="3",
        gen_ai__response__finish_reasons=["stop"],
        gen_ai__agent__name="weather",
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "Rain.")])
    assert (found.operation, found.tools, found.request_model, found.response_model) == (
        "chat",
        [TOOL],
        "a",
        "b",
    )
    assert (found.input_tokens, found.output_tokens, found.finish_reason, found.agent) == (
        7,
        3,
        "stop",
        "weather",
    )


def test_genai_details_in_an_event() -> None:
    details = {"gen_ai.input.messages": json.dumps(PARTS), "gen_ai.output.messages": json.dumps(PARTS[:0])}
    found = read(
        "chat a", ("gen_ai.client.inference.operation.details", details), gen_ai__operation__name="chat"
    )
    assert short(found.input) == WHOLE


def test_genai_tool_and_retrieval() -> None:
    tool = read(
        gen_ai__operation__name="execute_tool",
        gen_ai__tool__name="find",
        gen_ai__tool__call__id=["run", "c1"],
        gen_ai__tool__call__arguments='{"city": "Oslo"}',
        gen_ai__tool__call__result="Rain.",
    )
    assert (tool.operation, tool.tool_name, tool.tool_call_id) == ("execute_tool", "find", "c1")
    assert (tool.tool_arguments, tool.tool_result) == ('{"city": "Oslo"}', "Rain.")
    shown = read(
        gen_ai__operation__name="retrieval",
        gen_ai__retrieval__query__text="Oslo",
        gen_ai__retrieval__documents='[{"id": "d1", "score": 0.5}, {"score": 1}, "x"]',
    )
    assert (shown.query, [d.id for d in shown.documents]) == ("Oslo", ["d1"])


def test_genai_events_of_old() -> None:
    calls = '[{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\\"city\\": \\"Oslo\\"}"}}]'
    found = read(
        "chat m",
        ("gen_ai.system.message", {"content": "Be kind."}),
        ("gen_ai.user.message", {"content": "Weather in Oslo?"}),
        ("gen_ai.assistant.message", {"tool_calls": calls}),
        ("gen_ai.tool.message", {"content": "Rain.", "id": "c1"}),
        (
            "gen_ai.choice",
            {"index": 0, "finish_reason": "stop", "message": '{"role": "assistant", "content": "It rains."}'},
        ),
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "It rains.")])
    assert found.output[0]["finish_reason"] == "stop"


def test_genai_events_as_json_in_one_attribute() -> None:
    content = json.dumps({"role": "user", "content": "Hi"})
    found = read(
        "chat m",
        ("gen_ai.user.message", {"gen_ai.event.content": content}),
        ("gen_ai.choice", {"gen_ai.event.content": '{"index": 0, "message": {"content": "Yes?"}}'}),
    )
    assert (short(found.input), short(found.output)) == ([("user", "Hi")], [("assistant", "Yes?")])


def test_genai_prompt_and_completion_as_texts() -> None:
    found = read(
        "openai.chat",
        ("gen_ai.content.prompt", {"gen_ai.prompt": "system: Be kind.\nuser: Hi\nthere"}),
        ("gen_ai.content.completion", {"gen_ai.completion": "Yes?"}),
    )
    assert short(found.input) == [("system", "Be kind."), ("user", "Hi\nthere")]
    assert short(found.output) == [("assistant", "Yes?")]
    found = read(
        gen_ai__prompt="[{'role': 'user', 'content': 'Hi'}]",
        gen_ai__completion='[{"role":"assistant","content":"Yes?"}]',
    )
    assert (short(found.input), short(found.output)) == ([("user", "Hi")], [("assistant", "Yes?")])


def flat(prefix: str, given: Any) -> dict[str, Any]:
    """Nested values as flattened attributes."""
    if isinstance(given, dict):
        return {n: v for key, one in given.items() for n, v in flat(f"{prefix}.{key}", one).items()}
    if isinstance(given, list):
        return {n: v for at, one in enumerate(given) for n, v in flat(f"{prefix}.{at}", one).items()}
    return {prefix: given}


def test_openinference() -> None:
    call = {"tool_call": {"id": "c1", "function": {"name": "find", "arguments": '{"city": "Oslo"}'}}}
    given = [
        {"message": {"role": "system", "content": "Be kind."}},
        {
            "message": {
                "role": "user",
                "contents": [{"message_content": {"type": "text", "text": "Weather in Oslo?"}}],
            }
        },
        {"message": {"role": "assistant", "tool_calls": [call]}},
        {"message": {"role": "tool", "tool_call_id": "c1", "content": "Rain."}},
    ]
    found = read(
        "completion",
        openinference__span__kind="LLM",
        llm__model_name="m",
        llm__token_count__prompt=7,
        llm__token_count__completion=3,
        input__value="ignored",
        **flat("llm.input_messages", given),
        **flat("llm.output_messages", [{"message": {"role": "model", "content": "It rains."}}]),
        **flat("llm.tools", [{"tool": {"json_schema": json.dumps(TOOL)}}]),
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "It rains.")])
    assert (found.operation, found.request_model, found.input_tokens, found.tools) == ("chat", "m", 7, [TOOL])


def test_openinference_values_tools_and_documents() -> None:
    agent = read(root=True, openinference__span__kind="AGENT", input__value="Weather?", output__value="Rain.")
    assert (agent.operation, short(agent.input), short(agent.output)) == (
        "invoke_agent",
        [("user", "Weather?")],
        [("assistant", "Rain.")],
    )
    tool = read(
        "find",
        openinference__span__kind="TOOL",
        tool__name="find",
        input__value='{"city": "Oslo"}',
        output__value="Rain.",
    )
    assert (tool.tool_name, tool.tool_arguments, tool.tool_result, list(tool.output)) == (
        "find",
        '{"city": "Oslo"}',
        "Rain.",
        [],
    )
    documents = flat("retrieval.documents", [{"document": {"id": "d1", "content": "Rain.", "score": 0.5}}])
    shown = read(openinference__span__kind="RETRIEVER", input__value="Oslo", **documents)
    assert (shown.operation, shown.query, shown.documents[0].id) == ("retrieval", "Oslo", "d1")
    chain = read(openinference__span__kind="CHAIN", input__value='{"x": 1}', output__value="continue")
    assert (list(chain.input), list(chain.output)) == ([], [])


def test_openllmetry() -> None:
    prompts = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": '[{"type": "text", "text": "Weather in Oslo?"}]'},
        {"role": "assistant", "tool_calls": [{"id": "c1", "name": "find", "arguments": '{"city": "Oslo"}'}]},
        {"role": "tool", "tool_call_id": "c1", "content": "Rain."},
    ]
    found = read(
        "openai.chat",
        llm__request__type="chat",
        gen_ai__usage__prompt_tokens=7,
        gen_ai__system="OpenAI",
        **flat("gen_ai.prompt", prompts),
        **flat("gen_ai.completion", [{"content": "It rains."}]),
        **flat(
            "llm.request.functions",
            [{"name": "find", "description": "Finds.", "parameters": json.dumps(SCHEMA)}],
        ),
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "It rains.")])
    assert (found.operation, found.tools, found.input_tokens, found.provider) == ("chat", [TOOL], 7, "OpenAI")


def test_openllmetry_entities() -> None:
    tool = read(
        traceloop__span__kind="tool",
        traceloop__entity__name="find",
        traceloop__entity__output='"Rain."',
        traceloop__entity__input='{"args": [], "kwargs": {"city": "Oslo"}}',
    )
    assert (tool.operation, tool.tool_name, tool.tool_arguments, tool.tool_result) == (
        "execute_tool",
        "find",
        {"city": "Oslo"},
        "Rain.",
    )
    flow = read(
        traceloop__span__kind="workflow",
        traceloop__entity__input=json.dumps({"inputs": {"messages": OPENAI[:2]}}),
        traceloop__association__properties__user_id="u1",
    )
    assert (flow.operation, short(flow.input), flow.user) == ("invoke_agent", WHOLE[:2], "u1")


def test_vercel() -> None:
    found = read(
        "ai.generateText.doGenerate",
        ai__operationId="ai.generateText.doGenerate",
        ai__model__id="m",
        ai__prompt__messages=json.dumps(VERCEL[1:]),
        ai__prompt='{"system": "Be kind."}',
        ai__response__text="It rains.",
        ai__response__reasoning="Hm.",
        ai__prompt__tools=[json.dumps({"type": "function", **TOOL["function"]})],
        ai__usage__promptTokens=7,
        ai__usage__completionTokens=3,
        ai__response__finishReason="stop",
        ai__telemetry__metadata__userId="u1",
        ai__telemetry__metadata__sessionId="s1",
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "(Hm.)", "It rains.")])
    assert (found.operation, found.tools, found.user, found.session) == ("chat", [TOOL], "u1", "s1")
    called = read(
        ai__operationId="ai.generateText.doGenerate",
        ai__response__toolCalls='[{"toolCallId": "c1", "toolName": "find", "args": "{\\"city\\": \\"Oslo\\"}"}]',
    )
    assert short(called.output) == [("assistant", CALL)]


def test_vercel_outer_spans_and_tools() -> None:
    outer = read(ai__operationId="ai.streamText", ai__prompt='{"prompt": "Hi"}', ai__response__text="Yes?")
    assert (outer.operation, short(outer.input), short(outer.output)) == (
        "invoke_agent",
        [("user", "Hi")],
        [("assistant", "Yes?")],
    )
    tool = read(
        operation__name="ai.toolCall shop",
        ai__toolCall__name="find",
        ai__toolCall__id="c1",
        ai__toolCall__args='{"city": "Oslo"}',
    )
    assert (tool.operation, tool.tool_name, tool.tool_call_id) == ("execute_tool", "find", "c1")


def test_pydantic_ai() -> None:
    events = [{"event.name": f"gen_ai.{m['role']}.message", **m} for m in OPENAI[:2]]
    choice = {"event.name": "gen_ai.choice", "index": 0, "message": {"role": "assistant", "content": "Rain."}}
    call = read(
        "chat m",
        events=json.dumps([*events, choice]),
        gen_ai__operation__name="chat",
        model_request_parameters=json.dumps(
            {"function_tools": [{"name": "find", "description": "Finds.", "parameters_json_schema": SCHEMA}]}
        ),
    )
    assert (short(call.input), short(call.output), call.tools) == (
        WHOLE[:2],
        [("assistant", "Rain.")],
        [TOOL],
    )
    whole = [*PARTS[1:], {"role": "assistant", "parts": [{"type": "text", "content": "It rains."}]}]
    agent = read(
        "weather run",
        agent_name="weather",
        final_result="It rains.",
        pydantic_ai__all_messages=json.dumps(whole),
        gen_ai__system_instructions='[{"type": "text", "content": "Be kind."}]',
    )
    assert (short(agent.input), short(agent.output), agent.agent) == (
        WHOLE,
        [("assistant", "It rains.")],
        "weather",
    )
    older = read(
        "weather run",
        all_messages_events=json.dumps(
            [*events, {"event.name": "gen_ai.assistant.message", **choice["message"]}]
        ),
    )
    assert (short(older.input), short(older.output)) == (WHOLE[:2], [("assistant", "Rain.")])
    tool = read(
        "running tool", gen_ai__tool__name="find", tool_arguments='{"city": "Oslo"}', tool_response="Rain."
    )
    assert (tool.operation, tool.tool_name, tool.tool_result) == ("execute_tool", "find", "Rain.")


def test_langfuse() -> None:
    found = read(
        "ChatOpenAI",
        langfuse__observation__type="generation",
        langfuse__observation__input=json.dumps([*OPENAI, {"role": "tool", "content": TOOL}]),
        langfuse__observation__output='{"role": "assistant", "content": "It rains.", "additional_kwargs": {"refusal": null}}',
        langfuse__observation__model__name="m",
        langfuse__observation__usage_details='{"input": 7, "output_tokens": 3}',
        langfuse__session__id="s1",
        langfuse__trace__metadata__langfuse_user_id="u1",
    )
    assert (short(found.input), short(found.output), found.tools) == (
        WHOLE,
        [("assistant", "It rains.")],
        [TOOL],
    )
    assert (found.operation, found.request_model, found.input_tokens, found.output_tokens) == (
        "chat",
        "m",
        7,
        3,
    )
    assert (found.session, found.user) == ("s1", "u1")
    node = read(
        "should_continue",
        langfuse__observation__input=json.dumps({"messages": OPENAI}),
        langfuse__observation__output="end",
    )
    assert (short(node.input), list(node.output)) == (WHOLE, [])
    tool = read(
        "find",
        langfuse__observation__type="tool",
        langfuse__observation__input="{'city': 'Oslo'}",
        langfuse__observation__output="Rain.",
    )
    assert (tool.tool_name, tool.tool_result, list(tool.output)) == ("find", "Rain.", [])


def constructor(name: str, **kwargs: Any) -> dict[str, Any]:
    """An object as LangChain serialises it."""
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", name],
        "kwargs": kwargs,
    }


GRAPH = [
    constructor("SystemMessage", content="Be kind.", type="system"),
    constructor("HumanMessage", content="Weather in Oslo?", type="human"),
    constructor(
        "AIMessage",
        content=[{"type": "tool_use", "id": "c1", "name": "find", "input": {"city": "Oslo"}}],
        type="ai",
        tool_calls=[{"id": "c1", "name": "find", "args": {"city": "Oslo"}, "type": "tool_call"}],
    ),
    constructor("ToolMessage", content="Rain.", tool_call_id="c1", type="tool"),
]


def test_langchain_s_serialised_messages() -> None:
    assert short(read_chat({"messages": [GRAPH]}, "user").messages) == WHOLE
    answer = constructor("AIMessage", content="It rains.", type="ai")
    flow = read(
        traceloop__span__kind="workflow",
        traceloop__entity__input=json.dumps({"inputs": {"messages": GRAPH}, "tags": [], "kwargs": {}}),
        traceloop__entity__output=json.dumps({"outputs": {"messages": [*GRAPH, answer]}, "kwargs": {}}),
    )
    assert (short(flow.input), short(flow.output)) == (WHOLE, [*WHOLE, ("assistant", "It rains.")])
    shown = read(
        openinference__span__kind="LLM",
        input__value=json.dumps({"messages": [GRAPH]}),
        output__value=json.dumps({"generations": [[{"text": "It rains.", "message": answer}]]}),
    )
    assert (short(shown.input), short(shown.output)) == (WHOLE, [("assistant", "It rains.")])


@pytest.mark.parametrize("output", [GRAPH[-1], "Rain."])
def test_what_a_tool_of_langchain_returned_is_unwrapped(output: Any) -> None:
    given = json.dumps(
        {"input_str": "…", "tags": [], "metadata": {}, "inputs": {"city": "Oslo"}, "kwargs": {}}
    )
    returned = json.dumps({"output": output, "kwargs": {"name": "find"}})
    tool = read(
        gen_ai__operation__name="execute_tool",
        traceloop__span__kind="tool",
        traceloop__entity__name="find",
        traceloop__entity__input=given,
        gen_ai__tool__call__arguments=given,
        traceloop__entity__output=returned,
        gen_ai__tool__call__result=returned,
    )
    assert (tool.tool_arguments, tool.tool_result) == ({"city": "Oslo"}, "Rain.")


BEDROCK: list[tuple[str, list[dict[str, Any]]]] = [
    ("gen_ai.system.message", [{"text": "Be kind."}]),
    ("gen_ai.user.message", [{"text": "Weather in Oslo?"}, {"cachePoint": {"type": "default"}}]),
    (
        "gen_ai.assistant.message",
        [{"toolUse": {"toolUseId": "c1", "name": "find", "input": {"city": "Oslo"}}}],
    ),
    (
        "gen_ai.tool.message",
        [{"toolResult": {"toolUseId": "c1", "status": "success", "content": [{"text": "Rain."}]}}],
    ),
]


def test_strands() -> None:
    said = json.dumps([{"reasoningContent": {"reasoningText": {"text": "Hm."}}}, {"text": "It rains."}])
    found = read(
        "chat",
        *((name, {"content": json.dumps(blocks)}) for name, blocks in BEDROCK),
        ("gen_ai.choice", {"message": said, "finish_reason": "end_turn"}),
        gen_ai__operation__name="chat",
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "(Hm.)", "It rains.")])
    assert found.output[0]["finish_reason"] == "end_turn"
    called = read("chat", ("gen_ai.choice", {"message": json.dumps(BEDROCK[2][1])}))
    assert short(called.output) == [("assistant", CALL)]


@pytest.mark.parametrize("reply", ["It rains.", '{"rain": true}', '["rain"]', '[{"rain": 1}]'])
def test_a_reply_of_strands_is_a_text_also_where_it_is_json(reply: str) -> None:
    found = read("invoke_agent a", ("gen_ai.choice", {"message": reply, "finish_reason": "end_turn"}))
    assert short(found.output) == [("assistant", reply)]


def test_a_tool_of_strands() -> None:
    events: list[tuple[str, dict[str, Any]]] = [
        ("gen_ai.tool.message", {"role": "tool", "content": '{"city": "Oslo"}', "id": "c1"}),
        ("gen_ai.choice", {"message": '[{"text": "Rain"}, {"json": {"mm": 3}}]', "id": "c1"}),
    ]
    of_old = read(
        "execute_tool find", *events, gen_ai__operation__name="execute_tool", gen_ai__tool__name="find"
    )
    assert (of_old.tool_arguments, of_old.tool_result) == ('{"city": "Oslo"}', 'Rain{"mm": 3}')
    assert not of_old.input and not of_old.output
    new = read(gen_ai__operation__name="execute_tool", gen_ai__tool__call__result='[{"text": "Rain."}]')
    assert new.tool_result == "Rain."
    rows = '[{"document": {"city": "Oslo"}}]'
    assert read(gen_ai__operation__name="execute_tool", gen_ai__tool__call__result=rows).tool_result == rows


def test_bedrock_s_files_are_marks_and_its_results_come_once() -> None:
    """The instrumentation of boto tells each result as a tool's message, and once more as the user's."""
    image = {"image": {"format": "png", "source": {"bytes": "AAAA"}}}
    found = read(
        "chat m",
        ("gen_ai.user.message", {"content": [{"text": "See"}, image]}),
        ("gen_ai.assistant.message", {"content": BEDROCK[2][1], "tool_calls": OPENAI[2]["tool_calls"]}),
        ("gen_ai.tool.message", {"id": "c1", "content": [{"text": "Rain."}]}),
        ("gen_ai.user.message", {"content": [*BEDROCK[3][1], {"text": "So?"}]}),
    )
    assert short(found.input) == [
        ("user", "See", "[blob image]"),
        ("assistant", CALL),
        ("tool", ("c1", "Rain.")),
        ("user", "So?"),
    ]
    assert "AAAA" not in json.dumps(found.input)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("chat.completions", "chat"),
        ("chat.streaming_completions", "chat"),
        ("text.completions", "chat"),
        ("text.streaming_completions", "chat"),
        ("text.embeddings", "text.embeddings"),
    ],
)
def test_semantic_kernel_s_operations(name: str, operation: str) -> None:
    assert read(gen_ai__operation__name=name).operation == operation


@pytest.mark.parametrize(
    ("part", "modality"),
    [
        ({"type": "file", "mediaType": "image/png", "data": "AAAA"}, "image"),
        ({"type": "file", "mediaType": "image/*"}, "image"),
        ({"type": "file", "mediaType": "audio/wav"}, "audio"),
        ({"type": "file", "mediaType": "video/mp4"}, "video"),
        ({"type": "file", "mediaType": "application/pdf"}, "document"),
        ({"type": "file"}, "document"),
        ({"type": "blob", "mime_type": "application/pdf"}, "document"),
        ({"type": "blob", "modality": "image", "mime_type": "application/pdf"}, "image"),
        ({"type": "image"}, "image"),
    ],
)
def test_a_file_is_what_its_media_type_says(part: dict[str, Any], modality: str) -> None:
    [message] = read_chat([{"role": "user", "content": [part]}], "user").messages
    assert [each["modality"] for each in message["parts"]] == [modality]


@pytest.mark.parametrize(
    "response",
    [
        {"message": {"role": "assistant", "content": "It rains."}, "usage": {"prompt_tokens": 7}},
        {"combined_chunk_content": "It rains.", "chunk_count": 2, "usage": {"input_tokens": 7}},
        {"finish_reason": "stop", "text": "It rains.", "usage": {"prompt_tokens": 7}},
    ],
)
def test_logfire(response: dict[str, Any]) -> None:
    request = {"model": "m", "messages": OPENAI, "tools": [TOOL]}
    found = read(request_data=json.dumps(request), response_data=json.dumps(response))
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "It rains.")])
    assert (found.operation, found.request_model, found.input_tokens, found.tools) == ("chat", "m", 7, [TOOL])


def test_logfire_s_calls_without_a_reply() -> None:
    begun = read(request_data=json.dumps({"model": "m", "messages": OPENAI}), gen_ai__operation__name="chat")
    assert (short(begun.input), begun.operation) == (WHOLE, "chat")
    embedded = read(
        request_data='{"model": "m", "input": [{"role": "user", "content": "Oslo"}]}',
        response_data='{"usage": {"prompt_tokens": 7}}',
    )
    assert (list(embedded.input), embedded.operation, embedded.input_tokens) == ([], "", 7)
    assert read(request_data='{"page": 1, "messages": ["x"]}').request_model == ""


def test_adk() -> None:
    request = {
        "model": "gemini",
        "config": {
            "system_instruction": "Be kind.",
            "tools": [{"function_declarations": [TOOL["function"]]}],
        },
        "contents": [
            {"role": "user", "parts": [{"text": "Weather in Oslo?"}]},
            {
                "role": "model",
                "parts": [{"function_call": {"id": "c1", "name": "find", "args": {"city": "Oslo"}}}],
            },
            {
                "role": "user",
                "parts": [{"function_response": {"id": "c1", "name": "find", "response": "Rain."}}],
            },
        ],
    }
    found = read(
        "call_llm",
        gcp__vertex__agent__llm_request=json.dumps(request),
        gcp__vertex__agent__llm_response='{"content": {"role": "model", "parts": [{"text": "It rains."}]}}',
    )
    assert (short(found.input), short(found.output)) == (WHOLE, [("assistant", "It rains.")])
    assert (found.operation, found.request_model, found.tools) == ("chat", "gemini", [TOOL])
    tool = read(
        "execute_tool find",
        gcp__vertex__agent__tool_call_args='{"city": "Oslo"}',
        gcp__vertex__agent__tool_response="Rain.",
    )
    assert (tool.operation, tool.tool_name, tool.tool_result) == ("execute_tool", "find", "Rain.")


def test_mlflow() -> None:
    found = read(
        mlflow__spanType='"CHAT_MODEL"',
        mlflow__spanInputs=json.dumps({"messages": OPENAI}),
        mlflow__chat__tools=json.dumps([TOOL]),
        mlflow__spanOutputs='{"choices": [{"index": 0, "message": {"role": "assistant", "content": "It rains."}}]}',
    )
    assert (found.operation, short(found.input), short(found.output), found.tools) == (
        "chat",
        WHOLE,
        [("assistant", "It rains.")],
        [TOOL],
    )


def test_livekit() -> None:
    found = read(
        "llm_node", lk__chat_ctx=json.dumps({"items": [], "messages": OPENAI}), lk__response__text="It rains."
    )
    assert (found.operation, short(found.input), short(found.output)) == (
        "chat",
        WHOLE,
        [("assistant", "It rains.")],
    )


def test_what_only_the_name_says() -> None:
    found = read("chat gpt-4o", input="system: Be kind.\nuser: Hi", output="Yes?")
    assert (found.operation, found.request_model, short(found.input)) == (
        "chat",
        "gpt-4o",
        [("system", "Be kind."), ("user", "Hi")],
    )
    assert read("GET /", **{"http.route": "/"}).operation == ""


def test_the_program_s_session_goes_before_the_provider_s() -> None:
    assert read(session__id="s1", gen_ai__conversation__id="t1").session == "s1"
    assert read(gen_ai__conversation__id="t1").session == "t1"


@pytest.mark.parametrize(
    "name",
    [
        "gen_ai.input.messages",
        "gen_ai.prompt",
        "events",
        "all_messages_events",
        "ai.prompt.messages",
        "llm.input_messages.0",
        "input.value",
        "langfuse.observation.input",
        "gcp.vertex.agent.llm_request",
        "mlflow.spanInputs",
        "traceloop.entity.input",
        "lk.chat_ctx",
        "gen_ai.tool.definitions",
        "gen_ai.retrieval.documents",
        "ai.response.toolCalls",
        "model_request_parameters",
        "langfuse.observation.usage_details",
        "gen_ai.prompt.0.tool_calls.0",
        "pydantic_ai.all_messages",
        "request_data",
        "traceloop.entity.output",
    ],
)
@pytest.mark.parametrize(
    "given",
    [
        0,
        True,
        [],
        {},
        [[[]]],
        [None],
        {"messages": [None, 1, "x", {"role": 3, "content": {"a": {}}}]},
        "null",
        "[" * 50_000,
        "[" * 900 + "]" * 900,
        '[{"role": "user", "content": ' + "[" * 500 + "]" * 500 + "}]",
        [{"role": "tool"}],
        [{"type": "tool_call"}],
        [{"role": "user", "parts": [None, {"type": 4}, {"type": "text"}]}],
        {"choices": [{"message": {"message": {"message": {}}}}]},
        [{"id": [], "function": {"function": {}}}],
        {"tools": [[], 1, {"function": 2}]},
    ],
    ids=range(17),
)
def test_nonsense_is_read_without_an_error(name: str, given: Any) -> None:
    found = read(**{name: given})
    for message in (*found.input, *found.output):
        assert message["role"] in ("system", "user", "assistant", "tool")
        for part in message["parts"]:
            assert part["type"] != "text" or isinstance(part["content"], str)
            assert (part["type"] == "tool_call_response") == (message["role"] == "tool")
