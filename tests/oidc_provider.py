"""A small OpenID provider that keeps to the book, and breaks it where a test says so.

It runs on a port of its own; whoever comes to its authorization endpoint is signed in as ``person`` at once.
"""

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.serving_app import served

CLIENT_ID, CLIENT_SECRET = "whorl-client", "s3cret of the client"

Token = Callable[["Provider", dict[str, Any]], str]


def signed(provider: "Provider", claims: dict[str, Any]) -> str:
    """An ID token as it should be."""
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, provider.key)


def unsigned(provider: "Provider", claims: dict[str, Any]) -> str:
    """``alg: none``."""
    _, payload, _ = signed(provider, claims).split(".")
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{payload}."


def signed_by_another_key(provider: "Provider", claims: dict[str, Any]) -> str:
    """The same key id, another key."""
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, {"kid": "one"}))


def signed_with_the_client_secret(provider: "Provider", claims: dict[str, Any]) -> str:
    """HS256 with what both sides know."""
    key = OctKey.import_key(CLIENT_SECRET)
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key, algorithms=["HS256"])


def signed_with_the_public_key(provider: "Provider", claims: dict[str, Any]) -> str:
    """HS256 with the public key's text as the secret, for clients that let the token choose."""
    key = OctKey.import_key(provider.key.as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, key, algorithms=["HS256"])


@dataclass
class Provider:
    """What it says of the person that signs on, and how it makes its tokens."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    person: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    token: Token = signed
    in_token: bool = True
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    redeemed: list[str] = field(default_factory=list)
    userinfo: dict[str, Any] = field(default_factory=dict)

    def be(self, subject: str, email: str, *, verified: Any = True, **changes: Any) -> None:
        """Whom the next sign-on is of, and which claims are changed or, by None, missing."""
        self.person = {
            "sub": subject,
            "email": email,
            "email_verified": verified,
            "name": subject.capitalize(),
        }
        self.changes, self.token, self.in_token, self.userinfo = changes, signed, True, {}


@contextmanager
def running_provider() -> Iterator[Provider]:
    """A provider on a port of its own."""
    provider = Provider()
    with served(_app(provider)) as url:
        provider.issuer = url
        yield provider


def _app(provider: Provider) -> FastAPI:
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def configuration() -> dict[str, Any]:
        ends = {
            "authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks",
            "userinfo_endpoint": "/userinfo",
        }  # fmt: skip
        return {"issuer": provider.issuer} | {name: provider.issuer + path for name, path in ends.items()}

    @app.get("/jwks")
    def jwks() -> Any:
        return KeySet([provider.key]).as_dict(private=False)

    @app.get("/authorize")
    def authorize(request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT_ID and asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        provider.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}", 303)

    @app.post("/token")
    async def token(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        asked = provider.codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if create_s256_code_challenge(form["code_verifier"]) != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant", "error_description": "PKCE"}, 400)
        provider.redeemed.append(form["code"])
        return JSONResponse(
            {"access_token": "access", "token_type": "Bearer", "id_token": _id_token(provider, asked)}
        )

    @app.get("/userinfo")
    def userinfo() -> dict[str, Any]:
        return {**provider.person, **provider.userinfo}

    return app


def _id_token(provider: Provider, asked: dict[str, str]) -> str:
    moment = int(time())
    about = provider.person if provider.in_token else {"sub": provider.person["sub"]}
    claims = {
        "iss": provider.issuer, "aud": CLIENT_ID, "iat": moment, "exp": moment + 300, "nonce": asked["nonce"], **about,
        **provider.changes,
    }  # fmt: skip
    return provider.token(provider, {name: value for name, value in claims.items() if value is not None})
