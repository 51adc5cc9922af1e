"""Alembic's entry: the metadata of every room, online only."""

from importlib import import_module

from alembic import context
from sqlalchemy import create_engine, pool

from whorl.platform.database.base import Base

for room in (
    "platform.identity",
    "retrieval",
    "agents",
    "platform.telemetry",
    "platform.serving",
    "platform.usage",
    "platform.idempotency",
    "flywheel",
):
    import_module(f"whorl.{room}.tables")

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "", poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        include_name=lambda name, kind, parents: kind != "table" or name in Base.metadata.tables,
    )
    with context.begin_transaction():
        context.run_migrations()
