"""Run migrations on the engine that `techauction.migrating` hands over."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Engine

from techauction import store
from techauction.store.base import Instant, MoneyColumn, Row
from techauction.store.people import ScopesColumn

assert store.__all__


def plain(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Return how a column of our own type is written: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, MoneyColumn):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, ScopesColumn):
        return "sa.String(length=32)"
    return False


def run(connection: Connection) -> None:
    """Run the migrations in one transaction on this connection."""
    context.configure(
        connection=connection,
        target_metadata=Row.metadata,
        render_as_batch=True,
        compare_type=True,
        compare_server_default=True,
        render_item=plain,
    )
    with context.begin_transaction():
        context.run_migrations()


engine: Engine = context.config.attributes["engine"]
with engine.begin() as begun:
    run(begun)
