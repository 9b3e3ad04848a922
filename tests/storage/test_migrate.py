"""The tables' history leads to the tables of the code, once, whoever starts it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from paddock.hub.schema import metadata
from paddock.storage import migrate as module
from paddock.storage.database import Database
from paddock.storage.errors import SchemaTooNew
from paddock.storage.migrate import migrate, schema_version
from tests.databases import empty_postgresql_url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new.db"
    else:
        with empty_postgresql_url() as url:
            yield url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_code(empty: Database) -> None:
    migrate(empty)
    with empty.read() as conn:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            # The index of names is no table of the model (``hub/catalogue/tables.py``).
            "include_name": lambda name, *_: not (name or "").startswith("repository_search"),
        }
        context = MigrationContext.configure(conn, opts=options)
        assert compare_metadata(context, metadata) == []


def test_sqlite_columns_keys_and_references_are_those_of_the_code(tmp_path: Path) -> None:
    """Alembic compares neither primary keys nor AUTOINCREMENT; the statements themselves do."""
    migrated, made = (Database(f"sqlite:///{tmp_path}/{name}.db") for name in ("a", "b"))
    migrate(migrated)
    with made.write() as conn:
        metadata.create_all(conn)
    assert statements(migrated) == statements(made)
    migrated.dispose()
    made.dispose()


def statements(database: Database) -> set[str]:
    """What SQLite keeps of CREATE statements, with the order of columns and constraints."""
    with database.read() as conn:
        found = conn.execute(sa.text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
        texts = [str(row.sql) for row in found if "alembic" not in row.sql]
    return {"\n".join(sorted(pieces(text.replace('"', "")))) for text in texts}


def pieces(statement: str) -> list[str]:
    """A statement cut at the commas between its columns; ALTER TABLE adds some to the last line."""
    found, depth = [""], 0
    for character in " ".join(statement.split()):
        depth += (character == "(") - (character == ")")
        if character == "," and depth <= 1:
            found.append("")
        elif character not in "()" or depth > (character == "("):
            found[-1] += character
    return [" ".join(piece.split()) for piece in found]


def test_the_last_migration_is_the_one_the_code_expects(empty: Database) -> None:
    folder = Path(module.__file__).with_name("migrations")
    assert ScriptDirectory(str(folder)).get_current_head() == module.HEAD
    with empty.read() as conn:
        assert schema_version(conn) is None
    migrate(empty)
    with empty.read() as conn:
        assert schema_version(conn) == module.HEAD


def test_migrating_twice_keeps_what_is_there(empty: Database) -> None:
    migrate(empty)
    with empty.write() as conn:
        conn.execute(sa.text("INSERT INTO server_secrets VALUES ('k', 'v')"))
    migrate(empty)
    with empty.read() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM server_secrets")) == 1


def test_servers_that_start_at_once_migrate_once(empty_url: str) -> None:
    databases = [Database(empty_url) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(migrate, databases))
    with databases[0].read() as conn:
        assert conn.scalar(sa.text("SELECT count(*) FROM alembic_version")) == 1
    for database in databases:
        database.dispose()


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty: Database) -> None:
    with empty.write() as conn:
        conn.execute(sa.text("CREATE TABLE tokens (mine INTEGER)"))
    with pytest.raises(sa.exc.SQLAlchemyError, match="tokens"):
        migrate(empty)
    with empty.read() as conn:
        assert sa.inspect(conn).get_table_names() == ["tokens"]


def test_tables_of_a_newer_paddock_are_left_alone(empty: Database) -> None:
    migrate(empty)
    with empty.write() as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="9999") as caught:
        migrate(empty)
    assert "upgrade paddock" in str(caught.value.hint)
