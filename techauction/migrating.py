"""Bringing a database to the schema of this version, and back."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from techauction.settings import SHIPPED
from techauction.store.base import Row


def config(engine: Engine) -> Config:
    """Return Alembic's configuration for the engine's database."""
    found = Config(SHIPPED / "migrations" / "alembic.ini")
    found.set_main_option("script_location", str(SHIPPED / "migrations"))
    found.attributes["engine"] = engine
    return found


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to `revision`."""
    command.upgrade(config(engine), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to `revision`."""
    command.downgrade(config(engine), revision)


def start_over(engine: Engine) -> None:
    """Delete everything that the database keeps, and bring it to this version; `downgrade` keeps what refers to what."""
    with engine.begin() as connection:
        Row.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    upgrade(engine)


def present(engine: Engine) -> str | None:
    """Return the database's revision; none before the first migration."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest(engine: Engine) -> str | None:
    """Return the revision that this version needs."""
    return ScriptDirectory.from_config(config(engine)).get_current_head()


def revisions(engine: Engine) -> list[str]:
    """Return all revisions, the oldest first."""
    return [each.revision for each in reversed(list(ScriptDirectory.from_config(config(engine)).walk_revisions()))]


def differences(engine: Engine) -> list[str]:
    """Return how the database's tables differ from the rows, one line each."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Row.metadata})
        return [" ".join(str(part) for part in each) for each in compare_metadata(context, Row.metadata)]
