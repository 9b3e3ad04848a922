"""What a repository is found by: kept with every commit, caught up with by a job, no card's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from paddock import clock
from paddock.hub.catalogue import upkeep
from paddock.hub.catalogue.filters import Wanted
from paddock.hub.catalogue.indexing import refresh
from paddock.hub.catalogue.listing import Listing, list_repositories
from paddock.hub.catalogue.released import FORMAT
from paddock.hub.catalogue.tables import repository_terms, repository_texts
from paddock.hub.context import Hub
from paddock.hub.git.objects import MAX_INLINE_BYTES, make_stored_blob
from paddock.hub.git.operations import AddFile
from paddock.hub.jobs.tables import jobs
from paddock.hub.jobs.worker import run_until_empty
from paddock.hub.lookup import repository_by_id
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import get_account
from paddock.hub.people.leaving import rename_account
from paddock.hub.repositories import move_repository
from paddock.hub.types import ANONYMOUS, Caller, Kind, Repository
from paddock.storage import migrate as module
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import empty_postgresql_url
from tests.hub.samples import WRITE_TOKEN, commit, commit_files, make_repository

CARD = """---
license: mit
pretty_name: Wägetisch
tags: [kitchen, "gate:passed", "family:gpt"]
---
# A model of teapots
"""
FILES = {
    "README.md": CARD.encode(),
    "config.json": b'{"model_type": "Llama", "architectures": ["LlamaForCausalLM"]}',
    "model.safetensors": b"x",
}


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Iterator[Hub]:
    yield Hub(database, LocalBlobStore(tmp_path / "blobs"), None)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/old.db"
        if request.param == "postgresql":
            url = stack.enter_context(empty_postgresql_url())
        database = Database(url)
        stack.callback(database.dispose)
        yield database


def released(status: str = "met", padding: str = "") -> bytes:
    """A release.json as far as the hub reads it."""
    check = {"id": "x", "group": "safety", "status": status, "sentence": padding}
    said = {"format": FORMAT, "name": "tiny", "version": "1", "checks": [check], "results": []}
    return json.dumps(said).encode()


def found(database: Database, **wanted: object) -> list[str]:
    with database.read() as conn:
        asked = Wanted(Kind.MODEL, **wanted)  # type: ignore[arg-type]
        return [r.full_name for r in list_repositories(conn, ANONYMOUS, Listing(asked)).items]


def terms(conn: sa.Connection, repo: Repository) -> set[str]:
    c = repository_terms.c
    return set(conn.execute(sa.select(c.term).where(c.repo_id == repo.id)).scalars())


def test_a_commit_brings_words_and_terms_and_takes_them_away(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn, "tiny")
        commit_files(conn, repo, FILES)
    for typed in ("teapot", "TEAPOTS", "wagetisch", "kitchen", "llamafor", "tiny teap", "mit"):
        assert found(database, text=typed) == ["alice/tiny"], typed
    assert found(database, text="kettle") == []
    assert found(database, seen=("family:llama", "format:safetensors")) == ["alice/tiny"]
    with database.write() as conn:
        commit_files(conn, repo, {"README.md": b"Kettles.", "config.json": b"{}"})
        assert terms(conn, repo) == {"format:safetensors", "gate:none"}
    assert found(database, text="teapot") == []
    assert found(database, text="kettle") == ["alice/tiny"]


def test_a_repository_is_found_by_its_new_name_alone(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn, "Old.name-2")
        alice = get_account(conn, "alice")
        move_repository(
            conn,
            Caller(alice, WRITE_TOKEN),
            RepositoryName(Kind.MODEL, "alice", "Old.name-2"),
            RepositoryName(Kind.MODEL, "alice", "new_name-_3"),
        )
    assert found(database, text="old") == []
    assert found(database, text="new name 3 alice") == ["alice/new_name-_3"]
    with database.write() as conn:
        rename_account(conn, get_account(conn, "alice"), "carol")
    assert found(database, text="alice") == []
    assert found(database, text="carol new") == ["carol/new_name-_3"]
    with database.write() as conn:  # a commit cuts the name into the same words
        before = conn.execute(sa.select(repository_texts.c.head)).scalar_one()
        refresh(conn, repository_by_id(conn, repo.id))
        assert conn.execute(sa.select(repository_texts.c.head)).scalar_one() == before


def test_no_card_can_write_a_term(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn, "liar")
        commit_files(conn, repo, FILES)
        assert "gate:passed" not in terms(conn, repo)
    assert found(database, terms=("gate:passed",)) == ["alice/liar"]  # a tag, as cards write them
    assert found(database, seen=("gate:passed",)) == []
    assert found(database, seen=("family:gpt",)) == []


def test_what_a_release_states_becomes_terms_in_the_same_commit(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn, "released")
        commit_files(conn, repo, {**FILES, "release.json": released()})
    assert found(database, seen=("gate:passed", "evaluation:audit")) == ["alice/released"]
    with database.write() as conn:
        commit_files(conn, repo, {"release.json": released("waived")})
    assert found(database, seen=("gate:passed",)) == []
    assert found(database, seen=("gate:waived",)) == ["alice/released"]
    with database.write() as conn:
        commit_files(conn, repo, {"release.json": b"{"})
    assert found(database, seen=("gate:none",)) == ["alice/released"]


def test_a_release_that_is_too_long_for_its_row_is_read_by_a_job(hub: Hub) -> None:
    raw = released(padding="x" * MAX_INLINE_BYTES)
    with hub.blobs.begin() as writer:
        writer.write(raw)
        blob = writer.commit()
    with hub.database.write() as conn:
        repo = make_repository(conn, "long")
        commit(conn, repo, AddFile("release.json", make_stored_blob(raw, blob.sha256)))
        assert terms(conn, repo) == {"gate:none"}
    run_until_empty(hub, kinds=["catalogue.release"])
    assert found(hub.database, seen=("gate:passed",)) == ["alice/long"]
    with hub.database.write() as conn:  # the next commit knows it still
        commit_files(conn, repository_by_id(conn, repo.id), {"other.txt": b"x"})
        assert "gate:passed" in terms(conn, repo)


def test_what_was_here_before_is_read_by_a_job_that_may_run_twice(hub: Hub) -> None:
    database = hub.database
    with database.write() as conn:
        for name in ("one", "two"):
            commit_files(conn, make_repository(conn, name), FILES)
        conn.execute(repository_texts.delete())
        conn.execute(repository_terms.delete())
    assert found(database, text="teapot") == []
    for _ in range(2):
        upkeep.index_texts(hub, {})
        assert sorted(found(database, text="teapot")) == ["alice/one", "alice/two"]
        assert sorted(found(database, seen=("family:llama",))) == ["alice/one", "alice/two"]


def test_an_upgrade_asks_for_that_job_where_repositories_are(empty: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).with_name("migrations")))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    with empty.write() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, "0014")
        conn.execute(
            sa.text(
                "INSERT INTO accounts (id, public_id, kind, name, key, full_name, is_admin, "
                "private_by_default, created_at) VALUES "
                "(1, 'a', 'user', 'al', 'al', 'Al', false, false, :moment)"
            ),
            {"moment": moment},
        )
        conn.execute(
            sa.text(
                "INSERT INTO repositories (id, public_id, kind, namespace_id, full_name, key, "
                "is_private, created_at, updated_at, downloads, likes) VALUES "
                "(1, 'b', 'model', 1, 'al/x', 'al/x', false, :moment, :moment, 0, 0)"
            ),
            {"moment": moment},
        )
    module.migrate(empty)
    with empty.read() as conn:
        query = sa.select(jobs.c.kind, jobs.c.state).where(jobs.c.not_before <= clock.now())
        assert conn.execute(query).all() == [("catalogue.texts", "waiting")]
