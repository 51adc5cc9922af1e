"""Attribute names of the OpenTelemetry GenAI conventions, pinned at version 1.41, and Whorl's own.

https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai
"""

from typing import Final

VERSION: Final = "1.41.0"
SCHEMA_URL: Final = f"https://opentelemetry.io/schemas/{VERSION}"

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
TEMPERATURE: Final = "gen_ai.request.temperature"
TOP_P: Final = "gen_ai.request.top_p"
MAX_TOKENS: Final = "gen_ai.request.max_tokens"
SEED: Final = "gen_ai.request.seed"
TOP_K: Final = "gen_ai.request.top_k"
FREQUENCY_PENALTY: Final = "gen_ai.request.frequency_penalty"
PRESENCE_PENALTY: Final = "gen_ai.request.presence_penalty"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
# Of a run that goes on once a person has decided.
WAITS_FOR_APPROVAL: Final = "approval"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_CALL_ID: Final = "gen_ai.tool.call.id"
TOOL_ARGUMENTS: Final = "gen_ai.tool.call.arguments"
TOOL_RESULT: Final = "gen_ai.tool.call.result"
TOOL_TYPE: Final = "gen_ai.tool.type"
AGENT_NAME: Final = "gen_ai.agent.name"
CONVERSATION: Final = "gen_ai.conversation.id"
DATA_SOURCE: Final = "gen_ai.data_source.id"
RETRIEVAL_QUERY: Final = "gen_ai.retrieval.query.text"
RETRIEVAL_DOCUMENTS: Final = "gen_ai.retrieval.documents"
# Of one of these, where Whorl itself searched: which passage of the document it is.
PASSAGE_ID: Final = "chunk_id"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
RESPONSE_ID: Final = "gen_ai.response.id"
EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
EVALUATION_NAME: Final = "gen_ai.evaluation.name"
EVALUATION_VALUE: Final = "gen_ai.evaluation.score.value"
EVALUATION_LABEL: Final = "gen_ai.evaluation.score.label"
EVALUATION_EXPLANATION: Final = "gen_ai.evaluation.explanation"
# Events that each tell one message of a model call, and the one that tells all of it.
MESSAGE_EVENTS: Final = (
    "gen_ai.system.message", "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message",
)  # fmt: skip
CHOICE_EVENT: Final = "gen_ai.choice"
DETAILS_EVENT: Final = "gen_ai.client.inference.operation.details"
SERVICE_NAME: Final = "service.name"
ERROR_TYPE: Final = "error.type"

TENANT: Final = "whorl.tenant.id"
RUN: Final = "whorl.run.id"
USER: Final = "whorl.user.id"
ADAPTER: Final = "whorl.adapter.name"
TRUST: Final = "whorl.trust"
TEMPLATE_HASH: Final = "whorl.chat_template.hash"
PROMPT_TOKEN_IDS: Final = "whorl.prompt.token_ids"
OUTPUT_TOKEN_IDS: Final = "whorl.output.token_ids"
OUTPUT_LOGPROBS: Final = "whorl.output.logprobs"
VERIFIER: Final = "whorl.verifier"
# On the root in the log alone, where the run's row may have to be written from it again: JSON without content.
ENDING: Final = "whorl.run.ending"
# On spans that another program sent: by which way they came, and the session they belong to (a UUID).
SOURCE: Final = "whorl.source"
SESSION: Final = "whorl.session.id"
# On spans that came without a time: theirs is that of their arrival, which is another one when they come again.
UNDATED: Final = "whorl.undated"
# On what came as a log event: an evaluation or a message, below the span that it is of, in the log alone; no span is
# stored of it.
LOGGED: Final = "whorl.logged"
# On spans that messages were joined to that came as log events: which attributes were read from these.
FROM_LOGS: Final = "whorl.from_logs"
# On the resource of spans that Whorl sends to a collector.
EXPORTED: Final = "whorl.exported"

# Attributes whose value is JSON text; redaction goes into them and keeps them JSON.
JSON_ATTRIBUTES: Final = frozenset(
    {INPUT_MESSAGES, OUTPUT_MESSAGES, TOOL_DEFINITIONS, TOOL_ARGUMENTS, RETRIEVAL_DOCUMENTS, VERIFIER}
)
# Content that is only right for the text as it was; dropped where redaction altered the text.
TOKEN_ATTRIBUTES: Final = frozenset({PROMPT_TOKEN_IDS, OUTPUT_TOKEN_IDS, OUTPUT_LOGPROBS})
# Identifiers and settings: never content, so never searched for personal data.
STRUCTURE: Final = frozenset(
    {
        OPERATION, PROVIDER, REQUEST_MODEL, RESPONSE_MODEL, TEMPERATURE, TOP_P, MAX_TOKENS, SEED,
        FINISH_REASONS, INPUT_TOKENS, OUTPUT_TOKENS, TOOL_NAME, TOOL_CALL_ID, TOOL_TYPE, AGENT_NAME,
        CONVERSATION, DATA_SOURCE, ERROR_TYPE, TENANT, RUN, USER, ADAPTER, TRUST, TEMPLATE_HASH, ENDING,
        SOURCE, SESSION, TOP_K, FREQUENCY_PENALTY, PRESENCE_PENALTY, UNDATED, LOGGED,
    }
)  # fmt: skip
# What other programs' conventions call things by: searched for personal data only where it looks like content.
FOREIGN_IDENTIFIERS: Final = frozenset(
    {
        EVALUATION_NAME, EVALUATION_LABEL, RESPONSE_ID, SERVICE_NAME, "service.version", "otel.scope.name",
        "otel.scope.version", "telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version",
        "openinference.span.kind", "llm.model_name", "llm.provider", "llm.system", "tool.name", "gen_ai.system",
        "gen_ai.output.type", "ai.operationId", "operation.name", "ai.model.id", "ai.model.provider",
        "ai.response.model", "ai.response.id", "ai.response.finishReason", "ai.toolCall.name", "ai.toolCall.id",
        "langfuse.observation.type", "langfuse.observation.model.name", "traceloop.span.kind",
        "traceloop.entity.name", "llm.request.type", "mlflow.spanType", "model_name", "agent_name",
    }
)  # fmt: skip
