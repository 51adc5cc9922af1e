"""The means of a judge: the workspace's own models and embedder, or a server that somebody names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from ...platform.errors import InputError, UpstreamError
from ...platform.identity.access import Actor
from ...platform.serving.client import ModelClient
from ...platform.settings import Settings
from ..measure import load_for_evaluation
from .base import Means
from .metered import MeteredChats


async def workspace_means(whorl: Any, actor: Actor, model: str | None = None) -> Means:
    """The model that the workspace serves, or an adapter of the tenant's own; its calls count as the actor's.

    Raises NotFoundError for an adapter that the tenant does not have, InputError for one of another base.
    """
    if model is not None and model != whorl.servers.base:
        await load_for_evaluation(whorl.agents, actor, model)
    base = whorl.servers.base
    chats = MeteredChats(whorl.engine, actor, whorl.servers, base, whorl.prices)
    return Means(chats, model or base, lambda: whorl.library.embedder)


@asynccontextmanager
async def server_means(settings: Settings, url: str, model: str | None = None) -> AsyncIterator[Means]:
    """A model server by its base URL, with or without ``/v1``; by default the first model that it lists.

    Raises InputError for what is no address, UpstreamError for a server that does not answer or lists
    no model.
    """
    parsed = _address(url)
    shown = str(parsed.copy_with(userinfo=b""))
    headers = {"Authorization": f"Bearer {settings.judge_key}"} if settings.judge_key else {}
    timeout = httpx.Timeout(settings.max_run_seconds, connect=10)
    async with httpx.AsyncClient(base_url=parsed, headers=headers, timeout=timeout) as http:
        client = ModelClient(http, label=shown)
        name = model or next((each.name for each in await client.models()), None)
        if name is None:
            raise UpstreamError(f"The model server {shown} lists no model. Name one with --model.")
        yield Means(client, name, server=shown)


def _address(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url.rstrip("/").removesuffix("/v1"))
    except httpx.InvalidURL as error:
        raise InputError(f"{url!r} is no address of a server: {error}.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise InputError(f"{url!r} is no address of a server; give one such as http://localhost:8000.")
    return parsed
