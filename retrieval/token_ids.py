"""Texts that clients send as token ids: of OpenAI's vocabulary ``cl100k_base``, which they take for models they do not know.

tiktoken has the vocabulary, which it downloads once, or finds in the folder that ``TIKTOKEN_CACHE_DIR`` names.
https://platform.openai.com/docs/api-reference/embeddings/create
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import tiktoken
from anyio import to_thread

from ..platform.errors import InputError, PrerequisiteError

VOCABULARY = "cl100k_base"
# Seconds within which the vocabulary must be there.
PATIENCE = 20.0
# Whoever comes while a download hangs waits for that one.
_loader = ThreadPoolExecutor(1, thread_name_prefix="whorl-vocabulary")


async def texts_of(sequences: Sequence[Sequence[int]]) -> list[str]:
    """The text of each sequence of ids.

    Raises InputError for ids that the vocabulary does not have, PrerequisiteError where it cannot be had.
    """
    vocabulary = await _vocabulary()
    try:
        return await to_thread.run_sync(lambda: [vocabulary.decode(list(ids)) for ids in sequences])
    except (KeyError, OverflowError) as error:
        raise InputError(f"The token ids are not those of {VOCABULARY}; send texts.", "input") from error


async def _vocabulary() -> tiktoken.Encoding:
    loading = asyncio.wrap_future(_loader.submit(tiktoken.get_encoding, VOCABULARY))
    try:
        return await asyncio.wait_for(loading, PATIENCE)
    except (TimeoutError, OSError, ValueError) as error:
        raise PrerequisiteError(
            f"Token ids cannot be read: the vocabulary {VOCABULARY} could not be had. Send texts (LangChain: "
            "check_embedding_ctx_length=False), or let the operator set TIKTOKEN_CACHE_DIR to a folder that has it."
        ) from error
