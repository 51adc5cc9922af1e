"""Stored secrets: unreadable without the key, in their own place only, and sealed again when keys change."""

import stat
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.conftest import Actor, Whorl
from whorl.platform.database.reader import TenantReader
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, PrerequisiteError
from whorl.platform.identity.providers import PURPOSE, ProviderChange, set_provider
from whorl.platform.identity.rotation import rotate
from whorl.platform.identity.sealing import Sealer, load_sealer, new_key
from whorl.platform.identity.tables import SignOnProvider
from whorl.platform.settings import Settings
from whorl.platform.telemetry.redaction.patterns import PatternDetector
from whorl.platform.telemetry.redaction.policy import RedactionPolicy
from whorl.platform.telemetry.redaction.redactor import Redactor
from whorl.platform.telemetry.redaction.stored import StoredPolicies, store_policy
from whorl.platform.telemetry.tables import RedactionPolicyVersion

TENANT = uuid.uuid4()


def sealer(*keys: str) -> Sealer:
    return load_sealer(Settings(secret_key=",".join(keys)))


def test_what_is_sealed_is_opened_in_its_place_only() -> None:
    one = sealer(new_key())
    sealed = one.seal("s3cret é", TENANT, "a purpose")
    assert one.open(sealed, TENANT, "a purpose") == "s3cret é"
    assert b"s3cret" not in sealed and sealed != one.seal("s3cret é", TENANT, "a purpose")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for value, tenant, purpose in (
        (sealed, uuid.uuid4(), "a purpose"), (sealed, TENANT, "another"), (changed, TENANT, "a purpose"),
        (sealed[:12], TENANT, "a purpose"),
    ):  # fmt: skip
        with pytest.raises(PrerequisiteError, match="changed in the database or belongs to another"):
            one.open(value, tenant, purpose)


def test_a_missing_key_is_named() -> None:
    old, new = new_key(), new_key()
    sealed = sealer(old).seal("s3cret", TENANT, "a purpose")
    assert sealer(new, old).open(sealed, TENANT, "a purpose") == "s3cret"
    with pytest.raises(PrerequisiteError, match=f"sealed with the key {sealed[:8].hex()}") as told:
        sealer(new).open(sealed, TENANT, "a purpose")
    assert old not in told.value.message and new not in told.value.message


@pytest.mark.parametrize(
    "text",
    ["short", ",", new_key()[:-4], "é" * 44, new_key() + "," + "x" * 44],
    ids=["short", "none", "cut", "letters", "second"],
)
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    settings = Settings(secret_key=text)
    with pytest.raises(InputError, match="WHORL_SECRET_KEY has") as told:
        load_sealer(settings)
    for part in filter(None, text.split(",")):
        assert part not in told.value.message and part not in repr(settings)


def test_the_file_of_keys_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "whorl")
    first = load_sealer(settings)
    file = tmp_path / "whorl" / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_sealer(settings) == first and list(file.parent.iterdir()) == [file]
    assert load_sealer(Settings(secret_key_file=file)) == first
    with pytest.raises(InputError, match="not both"):
        load_sealer(Settings(secret_key_file=file, secret_key=new_key()))
    with pytest.raises(PrerequisiteError, match="cannot be read"):
        load_sealer(Settings(secret_key_file=tmp_path / "missing"))


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from whorl.platform.settings import Settings;"
        "from whorl.platform.identity.sealing import load_sealer;"
        "print(load_sealer(Settings(data_dir=Path(sys.argv[1]))).keys[0].hex())"
    )
    command = [sys.executable, "-P", "-c", code, str(tmp_path / "whorl")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in running}) == 1


async def test_rotation_seals_with_the_newest_key(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    old, new = new_key(), new_key()
    for actor in (acme, rival):
        change = ProviderChange("https://login.example", "c", f"s3cret of {actor.tenant_slug}")
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            await set_provider(session, sealer(old), actor.tenant_id, change)
    with pytest.raises(PrerequisiteError, match="sealed with the key"):
        await rotate(whorl.engine, sealer(new))
    assert await rotate(whorl.engine, sealer(new, old)) == 2
    assert await rotate(whorl.engine, sealer(new)) == 0
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        provider = (await session.scalars(select(SignOnProvider))).one()
        assert sealer(new).open(provider.client_secret, acme.tenant_id, PURPOSE) == "s3cret of acme"
        copied = provider.client_secret
    async with tenant_session(whorl.engine, rival.tenant_id) as session:
        await session.execute(update(SignOnProvider).values(client_secret=copied))
        stolen = (await session.scalars(select(SignOnProvider))).one()
    with pytest.raises(PrerequisiteError, match="belongs to another workspace"):
        sealer(new).open(stolen.client_secret, rival.tenant_id, PURPOSE)


HASHED = RedactionPolicy(operators={"EMAIL_ADDRESS": "hash"})


def hashed(whorl: Whorl, actor: Actor, *keys: str) -> str:
    """An address as a process with these keys, which has read no policy before, hashes it."""
    policies = StoredPolicies(TenantReader(whorl.addresses.app), sealer(*keys))
    redactor = Redactor([PatternDetector()], policies)
    return redactor.redact_text("to ann@planted.example", tenant_id=str(actor.tenant_id))


async def keys_of(whorl: Whorl, actor: Actor) -> list[tuple[bytes | None, bytes | None]]:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        rows = await session.scalars(select(RedactionPolicyVersion).order_by(RedactionPolicyVersion.version))
        return [(row.hash_key, row.sealed_hash_key) for row in rows]


async def put_hashing(whorl: Whorl, actor: Actor, key: str, policy: RedactionPolicy = HASHED) -> None:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await store_policy(session, sealer(key), actor, policy)


async def put_by_an_earlier_release(whorl: Whorl, actor: Actor, version: int, hash_key: bytes | None) -> None:
    """It copies what it knows of the newest version: the key in the clear, and after a rotation none."""
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        session.add(
            RedactionPolicyVersion(
                tenant_id=actor.tenant_id, version=version, policy=HASHED.model_dump(mode="json"),
                hash_key=hash_key, actor="key:before",
            )
        )  # fmt: skip


async def test_keys_of_hashes_are_sealed_at_once_and_hashes_stay_through_rotations(
    whorl: Whorl, acme: Actor, rival: Actor
) -> None:
    old, new = new_key(), new_key()
    for actor in (acme, rival):
        for _ in range(2):
            await put_hashing(whorl, actor, old)
    assert all(key is None and sealed for key, sealed in await keys_of(whorl, acme))
    before = hashed(whorl, acme, old)
    assert hashed(whorl, rival, old) != before
    assert await rotate(whorl.engine, sealer(old)) == 0
    assert await rotate(whorl.engine, sealer(new, old)) == 4
    assert await rotate(whorl.engine, sealer(new)) == 0
    await put_hashing(whorl, acme, new)
    assert hashed(whorl, acme, new) == before


async def test_without_its_key_nothing_is_hashed_otherwise(whorl: Whorl, acme: Actor) -> None:
    await put_hashing(whorl, acme, new_key())
    with pytest.raises(PrerequisiteError, match="hashes of redaction"):
        hashed(whorl, acme, new_key())
    await put_hashing(whorl, acme, new_key(), RedactionPolicy())
    assert hashed(whorl, acme, new_key()) == "to <EMAIL_ADDRESS_1>", "who hashes nothing needs no key"


async def test_a_key_that_an_earlier_release_made_is_kept_and_sealed_by_rotation(
    whorl: Whorl, acme: Actor
) -> None:
    key, clear = new_key(), bytes(range(32))
    await put_by_an_earlier_release(whorl, acme, 1, clear)
    before = hashed(whorl, acme, key)
    await put_hashing(whorl, acme, key)
    assert await keys_of(whorl, acme) == [(clear, None)] * 2 and hashed(whorl, acme, key) == before
    assert await rotate(whorl.engine, sealer(key)) == 2
    assert all(left is None and sealed for left, sealed in await keys_of(whorl, acme))
    assert not any(
        clear in sealed or clear.hex().encode() in sealed
        for _, sealed in await keys_of(whorl, acme)
        if sealed
    )
    await put_by_an_earlier_release(whorl, acme, 3, None)
    assert hashed(whorl, acme, key) == before
    await put_hashing(whorl, acme, key)
    assert hashed(whorl, acme, key) == before
