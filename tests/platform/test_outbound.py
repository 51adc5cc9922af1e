"""Addresses that a workspace chose lead to public machines only, in bounded time and size."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.responses import RedirectResponse, Response

from tests.serving_app import served
from whorl.platform.errors import UpstreamError
from whorl.platform.identity.outbound import MOST_BYTES, fetch_json, open_client


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    app = FastAPI()
    app.get("/good")(lambda: {"a": 1})
    app.get("/list")(lambda: [1])
    app.get("/text")(lambda: Response("hello"))
    app.get("/large")(lambda: Response(b"[" * (MOST_BYTES + 1)))
    app.get("/deep")(lambda: Response(b"[" * 100_000))
    app.get("/away")(lambda: RedirectResponse("/good"))
    with served(app) as url:
        yield url


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example", "https://127.0.0.1", "https://10.1.2.3", "https://169.254.169.254/latest", "https://[::1]",
        "https://[::ffff:127.0.0.1]", "https://[64:ff9b::7f00:1]", "https://[fd00::1]", "https://localhost", "https://0.0.0.0",
        "https://2130706433", "https://nobody.invalid", "file:///etc/passwd", "https://",
    ],
)  # fmt: skip
async def test_no_private_address_is_reached(url: str) -> None:
    async with open_client(private=False) as http:
        with pytest.raises(UpstreamError):
            await fetch_json(http, "GET", url)


async def test_a_local_server_is_reached_only_where_that_is_allowed(server: str) -> None:
    async with open_client(private=True) as http:
        assert await fetch_json(http, "GET", f"{server}/good") == {"a": 1}
    async with open_client(private=False) as http:
        for url in (server, server.replace("http", "https")):
            with pytest.raises(UpstreamError, match=r"https|public"):
                await fetch_json(http, "GET", f"{url}/good")


@pytest.mark.parametrize("path", ["list", "text", "large", "deep", "away", "missing"])
async def test_only_a_small_object_is_taken(server: str, path: str) -> None:
    async with open_client(private=True) as http:
        with pytest.raises(UpstreamError):
            await fetch_json(http, "GET", f"{server}/{path}")
