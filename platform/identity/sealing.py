"""Secrets that Whorl must be able to read again, such as a provider's client secret: encrypted at rest."""

import base64
import binascii
import hashlib
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import InputError, PrerequisiteError
from ..settings import Settings

KEY_BYTES = 32
_NAME_BYTES, _NONCE_BYTES = 8, 12


@dataclass(frozen=True)
class Sealer:
    """Seals with the first of its keys and opens with any; each has 32 bytes.

    Sealed is AES-256-GCM: 8 bytes that name the key, a random nonce of 12, the ciphertext. The tenant and what
    the secret is for are authenticated with it, so that a row copied to another place does not open.
    """

    keys: tuple[bytes, ...]

    def seal(self, secret: str, tenant_id: uuid.UUID, purpose: str) -> bytes:
        """``secret`` encrypted for one place."""
        key, nonce = self.keys[0], os.urandom(_NONCE_BYTES)
        return _name(key) + nonce + AESGCM(key).encrypt(nonce, secret.encode(), _place(tenant_id, purpose))

    def open(self, sealed: bytes, tenant_id: uuid.UUID, purpose: str) -> str:
        """The secret; raises PrerequisiteError when the key is missing or the value was changed."""
        name, nonce = sealed[:_NAME_BYTES], sealed[_NAME_BYTES : _NAME_BYTES + _NONCE_BYTES]
        key = next((key for key in self.keys if _name(key) == name), None)
        if key is None:
            known = ", ".join(_name(key).hex() for key in self.keys)
            raise PrerequisiteError(
                f"A stored secret ({purpose}) was sealed with the key {name.hex()}; known are {known}. "
                "Add that key to WHORL_SECRET_KEY, or set the secret again."
            )
        try:
            opened = AESGCM(key).decrypt(
                nonce, sealed[_NAME_BYTES + _NONCE_BYTES :], _place(tenant_id, purpose)
            )
        except (InvalidTag, ValueError) as error:
            raise PrerequisiteError(
                f"A stored secret ({purpose}) was changed in the database or belongs to another workspace. "
                "Set it again."
            ) from error
        return opened.decode()

    def is_newest(self, sealed: bytes) -> bool:
        """Whether a value is sealed with the newest key."""
        return sealed.startswith(_name(self.keys[0]))


def new_key() -> str:
    """A key as the settings take it: 32 random bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def load_sealer(settings: Settings) -> Sealer:
    """The keys of the settings, or of a file below the data directory, made with mode 0600 where there is none.

    Raises InputError for what is no key, PrerequisiteError for a file that cannot be read.
    """
    if settings.secret_key and settings.secret_key_file:
        raise InputError("Set WHORL_SECRET_KEY or WHORL_SECRET_KEY_FILE, not both.")
    if settings.secret_key:
        return Sealer(_parse(settings.secret_key, "WHORL_SECRET_KEY"))
    if settings.secret_key_file:
        return Sealer(_parse(_read(settings.secret_key_file), str(settings.secret_key_file)))
    file = settings.path("secret.key")
    if not file.exists():
        _make(file)
    return Sealer(_parse(_read(file), str(file)))


def _parse(text: str, source: str) -> tuple[bytes, ...]:
    keys = tuple(_key(part.strip(), source) for part in text.split(",") if part.strip())
    if not keys:
        raise InputError(f"{source} has no key. whorl secrets key makes one.")
    return keys


def _key(text: str, source: str) -> bytes:
    """A key's bytes; the message keeps the key to itself."""
    try:
        key = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise InputError(
            f"{source} has a key that is not {KEY_BYTES} bytes in URL-safe base64. whorl secrets key makes one."
        )
    return key


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise PrerequisiteError(f"The keys in {file} cannot be read: {error}") from error


def _make(file: Path) -> None:
    """Write a new key beside ``file`` and link it there: of several processes the first one's is kept, and is whole."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(new_key() + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _name(key: bytes) -> bytes:
    """What a key is called: the first bytes of its SHA-256."""
    return hashlib.sha256(key).digest()[:_NAME_BYTES]


def _place(tenant_id: uuid.UUID, purpose: str) -> bytes:
    return tenant_id.bytes + purpose.encode()
