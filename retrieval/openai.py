"""Embeddings in OpenAI's shape, by the embedder that documents are indexed with.

https://platform.openai.com/docs/api-reference/embeddings
"""

import base64
from typing import Annotated, Any, Literal

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from ..platform.database.session import tenant_session
from ..platform.errors import InputError, UnknownModelError
from ..platform.identity.http import CurrentActor
from ..platform.usage.admission import admit, let_in
from ..platform.usage.quotas import require_permitted
from ..platform.usage.record import Used, record_usage
from ..platform.validation import Body
from .embed.base import Embedder, Float32
from .token_ids import texts_of

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
# What embeddings are recorded under, where others have an agent.
EMBEDDINGS = "embeddings"
MOST_TEXTS = 2048
MOST_CHARACTERS = 200_000
# Of a text and of a request, as OpenAI has it.
MOST_TOKENS = 8192
MOST_TOKENS_AT_ONCE = 300_000
Text = Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS)]
TokenIds = Annotated[
    list[Annotated[int, Field(strict=True, ge=0, lt=2**31)]], Field(min_length=1, max_length=MOST_CHARACTERS)
]


class EmbeddingRequest(Body):
    """Texts to embed, or the ids of their tokens in OpenAI's vocabulary cl100k_base, whatever the embedder's own.

    ``user`` changes no vector and is not kept.
    """

    model: str = Field(min_length=1, max_length=200)
    input: (
        Text
        | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
        | TokenIds
        | Annotated[list[TokenIds], Field(min_length=1, max_length=MOST_TEXTS)]
    )
    encoding_format: Literal["float", "base64"] | None = "float"
    dimensions: int | None = Field(None, ge=1, description="Must be what the embedder has.")
    user: str | None = None

    async def texts(self) -> list[str]:
        """The texts, also where there is one, or ids of tokens; raises as ``token_ids.texts_of`` does."""
        is_one = isinstance(self.input, str) or isinstance(self.input[0], int)
        several: list[Any] = [self.input] if is_one else list(self.input)
        if isinstance(several[0], str):
            return several
        texts = await texts_of(several)
        if max(map(len, texts)) > MOST_CHARACTERS:
            raise InputError(f"A text has more than {MOST_CHARACTERS} characters.", "input")
        return texts


class Embedding(BaseModel):
    """A unit vector; in base64 it is little-endian float32."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    """The vectors, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


@router.post("/embeddings", response_model=EmbeddingList)
async def create_embeddings(
    body: EmbeddingRequest, actor: CurrentActor, request: Request, response: Response
) -> Any:
    """Vectors of texts: one request, whatever their number."""
    actor.require("chat")
    whorl = request.app.state.whorl
    embedder: Embedder = whorl.library.embedder
    if body.model != embedder.name:
        raise UnknownModelError(body.model)
    actor.require_asking(model=embedder.name)
    if body.dimensions not in (None, embedder.dimension):
        raise InputError(f"{embedder.name} has {embedder.dimension} dimensions, no others.", "dimensions")
    texts = await body.texts()
    counted = await to_thread.run_sync(embedder.count_tokens, texts)
    if max(counted) > MOST_TOKENS:
        raise InputError(
            f"A text has {max(counted)} tokens; at most {MOST_TOKENS} are allowed. Cut it.", "input"
        )
    tokens = sum(counted)
    if tokens > MOST_TOKENS_AT_ONCE:
        raise InputError(
            f"The texts have {tokens} tokens; at most {MOST_TOKENS_AT_ONCE} are allowed in a request. Send fewer.",
            "input",
        )
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await require_permitted(session, actor.tenant_id, model=embedder.name)
        [admitted] = await admit(session, actor.tenant_id)
    response.headers.update(let_in(admitted).headers())
    vectors = await to_thread.run_sync(embedder.embed_texts, texts)
    cost = whorl.prices.of(embedder.name).of(tokens, 0)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await record_usage(
            session, actor.tenant_id, Used(actor.label, EMBEDDINGS, embedder.name, tokens, 0, cost)
        )
    return EmbeddingList(
        data=[
            Embedding(index=index, embedding=_encoded(vector, body.encoding_format))
            for index, vector in enumerate(vectors)
        ],
        model=embedder.name,
        usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
    )


def _encoded(vector: Float32, encoding: Literal["float", "base64"] | None) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()
    return [float(value) for value in vector]
