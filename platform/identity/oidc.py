"""OpenID Connect: the authorization-code flow with PKCE, and what makes an ID token good.

https://openid.net/specs/openid-connect-core-1_0.html, https://www.rfc-editor.org/rfc/rfc9700
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from ..errors import AuthenticationError, UpstreamError
from ..storable import storable
from .outbound import fetch_json

SCOPE = "openid email profile"
WELL_KNOWN = "/.well-known/openid-configuration"
# Signatures that only the provider can make: none with a shared secret, and not ``none``.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
# Seconds that the clocks of provider and Whorl may differ.
LEEWAY = 60
_LONGEST_SUBJECT = 255


class Metadata(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


@dataclass(frozen=True)
class Client:
    """Whorl as a provider knows it."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Browser:
    """What binds a sign-on to the browser that began it: all made of one secret that only this browser has."""

    secret: str

    @property
    def state(self) -> str:
        """Comes back with the code, so that no other site's code is taken."""
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """Comes back in the ID token, so that no token of another sign-on is taken."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """Shows the provider that whoever redeems the code asked for it (PKCE, RFC 7636)."""
        return self._derive("verifier")

    def _derive(self, purpose: str) -> str:
        return hmac.new(self.secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


class Person(NamedTuple):
    """Whom a provider names; ``verified`` is whether it verified the address, None where it does not say."""

    issuer: str
    subject: str
    email: str | None
    verified: bool | None
    name: str


async def discover(http: httpx.AsyncClient, issuer: str) -> Metadata:
    """A provider's endpoints; raises UpstreamError where it does not answer as the issuer that was asked."""
    found = await fetch_json(http, "GET", issuer.rstrip("/") + WELL_KNOWN)
    try:
        metadata = Metadata.model_validate(found)
    except ValidationError as error:
        raise UpstreamError(
            f"The sign-on provider {issuer} names no endpoints: {error.errors()[0]['loc']}."
        ) from error
    if metadata.issuer != issuer:
        raise UpstreamError(
            f"The sign-on provider {issuer} calls itself {metadata.issuer}. Use that as the issuer."
        )
    return metadata


def authorization_url(metadata: Metadata, client: Client, browser: Browser) -> str:
    """Where the browser goes to sign on."""
    url: str = prepare_grant_uri(
        metadata.authorization_endpoint, client.client_id, "code", client.redirect_uri, SCOPE, browser.state,
        nonce=browser.nonce, code_challenge=create_s256_code_challenge(browser.verifier), code_challenge_method="S256",
    )  # fmt: skip
    return url


async def identify(
    http: httpx.AsyncClient, metadata: Metadata, client: Client, browser: Browser, code: str
) -> Person:
    """Redeem a code and check what comes of it.

    Raises AuthenticationError for a token that is not good, UpstreamError for a provider that does not answer.
    """
    tokens = await _redeem(http, metadata, client, browser, code)
    keys = await fetch_json(http, "GET", metadata.jwks_uri)
    claims = _checked(str(tokens.get("id_token", "")), keys, metadata, client, browser)
    if "email" not in claims and metadata.userinfo_endpoint and tokens.get("access_token"):
        claims = {**await _userinfo(http, metadata.userinfo_endpoint, tokens, claims["sub"]), **claims}
    email, name = claims.get("email"), claims.get("name")
    return Person(
        metadata.issuer,
        claims["sub"],
        email if isinstance(email, str) else None,
        claims["email_verified"] is True if "email_verified" in claims else None,
        name if isinstance(name, str) else "",
    )


async def _redeem(
    http: httpx.AsyncClient, metadata: Metadata, client: Client, browser: Browser, code: str
) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri,
        "code_verifier": browser.verifier,
    }  # fmt: skip
    auth: httpx.BasicAuth | None = None
    if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
        # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
        auth = httpx.BasicAuth(quote(client.client_id, safe=""), quote(client.client_secret, safe=""))
    else:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    try:
        return await fetch_json(
            http,
            "POST",
            metadata.token_endpoint,
            data=form,
            auth=auth,
            headers={"Accept": "application/json"},
        )
    except UpstreamError as error:
        raise AuthenticationError(f"The sign-on provider does not take the code: {error.message}") from error


def _checked(
    token: str, keys: dict[str, Any], metadata: Metadata, client: Client, browser: Browser
) -> dict[str, Any]:
    """The claims of an ID token: signature, issuer, audience, times and nonce are right."""
    options = {
        "iss": {"essential": True, "value": metadata.issuer},
        "aud": {"essential": True, "value": client.client_id},
    }
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(_signing(keys)), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims, decoded.header, options, {"nonce": browser.nonce, "client_id": client.client_id}
        )
        claims.validate(leeway=LEEWAY)
    except (JoseError, ValueError, TypeError) as error:
        raise AuthenticationError(f"The sign-on provider's token is not good: {error}") from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise AuthenticationError("The sign-on provider's token names nobody.")
    return dict(storable(dict(claims)))


def _signing(keys: dict[str, Any]) -> Any:
    """A provider's public keys for signatures: no shared secrets, none for encryption."""
    listed = keys.get("keys")
    found = [
        key
        for key in (listed if isinstance(listed, list) else [])
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
    ]
    return {"keys": found}


async def _userinfo(
    http: httpx.AsyncClient, url: str, tokens: dict[str, Any], subject: str
) -> dict[str, Any]:
    """Further claims; the subject must be the token's (OpenID Connect Core, 5.3.2)."""
    claims = await fetch_json(http, "GET", url, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    if claims.get("sub") != subject:
        raise AuthenticationError("The sign-on provider tells of somebody else than its token.")
    return claims
