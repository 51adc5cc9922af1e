"""A vLLM server that Whorl starts, watches and starts again: ``whorl serve --engine vllm``."""

import asyncio
import logging
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from ..background import PATIENCE, stop
from ..errors import InputError, PrerequisiteError, install_command
from ..settings import Settings
from .base_model import SEED_MODEL, model_folder

_log = logging.getLogger(__name__)
BASE = "base"
HOST = "127.0.0.1"
# Slots beyond the adapters that answer now: a promotion loads the next one beside the last.
SPARE_SLOTS = 2
MOST_SLOTS = 64
# Adapters that wait in the server's memory for a slot, for each slot.
_WAITING = 4
# Largest ranks that vLLM knows.
RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
# Seconds that a server has to end by itself, and between two starts of one that ends again and again.
_GRACE, _FIRST_PAUSE, _MOST_PAUSE = 20.0, 1.0, 60.0
# One that has run for so long was no failed start.
_STEADY = 120.0


def slots(active: int) -> int:
    """LoRA slots for so many adapters that answer or are tried now.

    >>> slots(0), slots(5), slots(1000)
    (2, 7, 64)
    """
    return min(active + SPARE_SLOTS, MOST_SLOTS)


def command(settings: Settings, lora_slots: int) -> list[str]:
    """The command that starts the server; raises PrerequisiteError where vLLM or the model is missing.

    Raises InputError for a setting that vLLM would not take. https://docs.vllm.ai/en/stable/cli/serve/
    """
    if settings.vllm_lora_rank not in RANKS:
        raise InputError(
            f"WHORL_VLLM_LORA_RANK is {settings.vllm_lora_rank}; vLLM knows {', '.join(map(str, RANKS))}."
        )
    folder = model_folder(settings)
    words = [
        _python(settings), "-P", "-m", "vllm.entrypoints.openai.api_server", "--host", HOST, "--port", settings.vllm_port,
        "--model", folder, "--served-model-name", BASE,
        "--enable-lora", "--max-loras", lora_slots, "--max-cpu-loras", _WAITING * lora_slots,
        "--max-lora-rank", settings.vllm_lora_rank, "--enable-auto-tool-choice", "--tool-call-parser", "hermes",
        "--enable-prefix-caching" if settings.vllm_prefix_caching else "--no-enable-prefix-caching",
        "--kv-cache-dtype", settings.vllm_kv_cache_type,
    ]  # fmt: skip
    if folder == SEED_MODEL.resolve():
        words += ["--chat-template", Path(__file__).with_name("chat_template.jinja")]
    chosen = {
        "--quantization": settings.vllm_quantization, "--speculative-config": settings.vllm_speculative,
        "--max-model-len": settings.vllm_context,
    }  # fmt: skip
    for option, value in chosen.items():
        words += [option, value] if value is not None else []
    return [*map(str, words), *_more(settings)]


def _python(settings: Settings) -> Path:
    """The interpreter that has vLLM."""
    python = settings.vllm_python or Path(sys.executable)
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    try:
        found = subprocess.run([python, "-P", "-c", look], check=False, capture_output=True)
    except OSError as error:
        raise PrerequisiteError(
            f"WHORL_VLLM_PYTHON is {python}, which cannot be run: {error.strerror}."
        ) from error
    if found.returncode:
        raise PrerequisiteError(
            f"{python} has no vLLM. Install it ({install_command('gpu', python)}), or name an interpreter that has it "
            "in WHORL_VLLM_PYTHON."
        )
    return python


def _more(settings: Settings) -> list[str]:
    try:
        return shlex.split(settings.vllm_arguments)
    except ValueError as error:
        raise InputError(f"WHORL_VLLM_ARGUMENTS cannot be split into words: {error}.") from error


def with_server(settings: Settings) -> Settings:
    """The settings of a Whorl whose model is the server that :func:`supervised` runs."""
    return settings.model_copy(
        update={
            "model_url": f"http://{HOST}:{settings.vllm_port}", "model_name": BASE, "model_dir": model_folder(settings),
            "search_passages": settings.shown_passages, "search_sentences": settings.shown_sentences,
            "max_answer_tokens": settings.answer_tokens,
        }
    )  # fmt: skip


@asynccontextmanager
async def supervised(settings: Settings, lora_slots: int) -> AsyncIterator[Path]:
    """A server that runs as long as the context is open, started again when it ends; yields the file of its log.

    It is up some time after it was started, which its clients find out. Raises as :func:`command`.
    """
    words = await asyncio.to_thread(command, settings, lora_slots)
    log = settings.path("vllm.log")
    task = asyncio.create_task(_keep_running(words, log))
    try:
        yield log
    finally:
        await stop(task, _GRACE + PATIENCE)


async def _keep_running(words: list[str], log: Path) -> None:
    clock, pause = asyncio.get_running_loop().time, _FIRST_PAUSE
    environ = {**os.environ, "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True"}
    while True:
        started = clock()
        with log.open("ab") as output:
            code = await _run(words, environ, output)
        pause = _FIRST_PAUSE if clock() - started > _STEADY else min(2 * pause, _MOST_PAUSE)
        _log.error(
            "The model server ended with code %s, see %s; it is started again in %.0f s.", code, log, pause
        )
        await asyncio.sleep(pause)


async def _run(words: list[str], environ: dict[str, str], output: IO[bytes]) -> int:
    """Run the server until it ends by itself, and end what it leaves behind; with its task it is stopped."""
    process = await asyncio.create_subprocess_exec(
        *words, env=environ, stdout=output, stderr=output, start_new_session=True
    )
    try:
        return await process.wait()
    finally:
        await asyncio.shield(_stop(process))


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ask the server to end, then kill its whole group: an engine that has lost its server would keep its memory."""
    if process.returncode is None:
        process.terminate()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
