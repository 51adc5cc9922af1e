"""Databases as an earlier release left them."""

import uuid

import psycopg
from psycopg.conninfo import make_conninfo

from tests.conftest import Addresses
from whorl.platform.database.migrate import migrate


def database_at(revision: str, template: Addresses) -> Addresses:
    """A new database beside ``template``, brought to ``revision``."""
    name = f"t{uuid.uuid4().hex[:12]}"
    addresses = Addresses(*(url.replace("/template_whorl?", f"/{name}?") for url in template))
    with psycopg.connect(make_conninfo(template.admin, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    migrate(addresses.admin, revision)
    return addresses


def make_tenant(url: str, tenant: uuid.UUID, slug: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO tenants (id, slug, name, created_at) VALUES (%s, %s, %s, now())",
            [tenant, slug, slug],
        )
