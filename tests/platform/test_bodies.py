"""Bodies that are too long are refused before they are read, whoever sends them and wherever."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager

from tests.conftest import Addresses, quote_first, test_settings
from whorl.platform.app import create_app
from whorl.platform.bodies import BodyLimits
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend

MIB = 2**20


@pytest_asyncio.fixture
async def client(database: Addresses, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = test_settings(
        database, tmp_path / "whorl", worker="external", max_body_mb=1, max_upload_mb=3, ingest_body_mb=2
    )
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        made = await ensure_tenant(app.state.whorl.engine, "acme")
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {made.key}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://whorl.test", headers=headers
        ) as http:
            yield http


def chat(size: int) -> dict[str, Any]:
    return {"model": "scripted", "messages": [{"role": "user", "content": "x" * size}]}


async def pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 1000):
        yield b" " * 1000


@pytest.mark.parametrize(
    "path", ["/api/runs", "/v1/chat/completions", "/v1/embeddings", "/api/keys", "/signin"]
)
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("signed", [True, False])
async def test_a_long_body_is_refused_before_anybody_asks_who_sends_it(
    client: httpx.AsyncClient, path: str, announced: bool, signed: bool
) -> None:
    body = b" " * (MIB + 1000) if announced else pieces(MIB + 1000)
    kind = "application/x-www-form-urlencoded" if path == "/signin" else "application/json"
    if not signed:
        client.headers.pop("Authorization")
    answer = await client.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 413
    if path != "/signin":
        told = answer.json()
        assert "1048576 bytes" in (told["error"]["message"] if path.startswith("/v1") else told["detail"])


async def test_a_chat_that_goes_the_short_way_is_refused_too(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/chat/completions", json=chat(10))).status_code == 200
    answer = await client.post("/v1/chat/completions", json=chat(MIB))
    assert answer.status_code == 413 and "limit" in answer.json()["error"]["message"]
    with_key = await client.post("/v1/chat/completions", json=chat(MIB), headers={"Idempotency-Key": "one"})
    assert with_key.status_code == 413


async def test_documents_and_spans_have_limits_of_their_own(client: httpx.AsyncClient) -> None:
    for size, status in ((2 * MIB, 201), (3 * MIB + 1000, 413), (5 * MIB, 413)):
        file = {"file": ("tides.txt", b"The tide turns. " * (size // 16), "text/plain")}
        assert (await client.post("/api/documents", files=file)).status_code == status, size
        keyed = await client.post("/api/documents", files=file, headers={"Idempotency-Key": f"k{size}"})
        assert keyed.status_code == status, size
    spans = await client.post("/v1/traces", json={"resourceSpans": [], "padding": "x" * (MIB + 10)})
    assert spans.status_code == 200
    assert (await client.post("/v1/traces", json={"padding": "x" * (2 * MIB + 10)})).status_code == 413


async def test_nothing_of_an_announced_body_is_read() -> None:
    sent: list[Any] = []

    async def never(*_: Any) -> Any:
        raise AssertionError("neither the application nor the sender is asked")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/runs", "query_string": b"", "headers": [(b"content-length", b"101")],
        "app": type("App", (), {"state": object()})(),
    }  # fmt: skip
    await BodyLimits(never, 100, {})(scope, never, send)
    assert sent[0]["status"] == 413
