"""Requests to addresses that a workspace chose: to public machines only, in bounded time and size."""

import ipaddress
import socket
import ssl
from functools import cache
from typing import Any

import anyio
import httpx

from ..errors import UpstreamError
from ..storable import load_json

SECONDS, MOST_BYTES = 15.0, 1 << 20
# Of IPv6, but it leads to IPv4 addresses (RFC 6052).
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class PublicOnly(httpx.AsyncBaseTransport):
    """Connects over TLS to public addresses alone, so that nobody reaches the operator's own network through it.

    The name is resolved here and the address that was looked at is the one that is connected to.
    """

    def __init__(self) -> None:
        self._inner = _transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "https":
            raise httpx.UnsupportedProtocol(f"{request.url} does not begin with https://")
        host = request.url.host
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=await _public_address(host, request.url.port or 443))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def open_client(*, private: bool) -> httpx.AsyncClient:
    """A client without redirects; ``private`` lets it reach private addresses, also without TLS."""
    transport = _transport() if private else PublicOnly()
    return httpx.AsyncClient(transport=transport, timeout=SECONDS, follow_redirects=False, trust_env=False)


def _transport() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(retries=0, verify=_trusted())


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted; reading them takes long."""
    return httpx.create_ssl_context()


async def fetch_json(http: httpx.AsyncClient, method: str, url: str, **options: Any) -> dict[str, Any]:
    """The JSON object that an address answers; raises UpstreamError for anything else."""
    try:
        with anyio.fail_after(SECONDS):
            async with http.stream(method, url, **options) as response:
                body = await _read(response)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise UpstreamError(f"{url} does not answer: {error or type(error).__name__}") from error
    if not response.is_success:
        raise UpstreamError(f"{url} answers with status {response.status_code}.")
    try:
        value = load_json(body.decode())
    except (ValueError, RecursionError) as error:
        raise UpstreamError(f"{url} answers with something that is no JSON.") from error
    if not isinstance(value, dict):
        raise UpstreamError(f"{url} answers with something that is no JSON object.")
    return value


async def _read(response: httpx.Response) -> bytes:
    pieces, size = [], 0
    async for piece in response.aiter_bytes():
        size += len(piece)
        if size > MOST_BYTES:
            raise httpx.ReadError(f"more than {MOST_BYTES} bytes", request=response.request)
        pieces.append(piece)
    return b"".join(pieces)


async def _public_address(host: str, port: int) -> str:
    """An address of ``host``; raises ConnectError unless all that it has are public."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"there is no address of {host}") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_is_public(address) for address in addresses):
        raise httpx.ConnectError(f"{host} is not a public address")
    return addresses[0]


def _is_public(text: str) -> bool:
    """Whether an address is one of the public internet.

    >>> [_is_public(a) for a in ("1.1.1.1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [True, False, False, False, False]
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED:
            return False
        if address.ipv4_mapped is not None:
            return _is_public(str(address.ipv4_mapped))
    return address.is_global and not address.is_multicast
