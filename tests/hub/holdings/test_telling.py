"""What is told of everybody's bytes adds up to what is stored, and is what removing them frees."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.hub import repositories
from paddock.hub.context import Hub
from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.git import commits
from paddock.hub.git.commits import CommitRequest
from paddock.hub.git.objects import make_stored_blob
from paddock.hub.git.operations import AddFile, AddLarge
from paddock.hub.holdings.telling import Report, report
from paddock.hub.large import condemned, large_files
from paddock.hub.large.large_files import XetFileRow
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import create_user
from paddock.hub.repositories import NewRepository
from paddock.hub.tables import large_files as large_rows
from paddock.hub.types import Account, Caller, Kind, Repository, Token
from paddock.hub.xet import records
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.hub.xet.xorbs import XorbParser
from paddock.storage.blobs import Blob, BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub.xet.messages import File, Xorb

NAMES = ("anna", "ben", "cleo")


class World:
    """Three users with two repositories each, whose files may be the same."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self.database, self.store = database, store
        self.hub = Hub(database, store, None)
        self.accounts: dict[str, Account] = {}
        self.repos: dict[str, Repository] = {}
        with database.write() as conn:
            for name in NAMES:
                self.accounts[name] = create_user(conn, name)
                for number in (1, 2):
                    new = NewRepository(Kind.MODEL, f"r{number}", name)
                    made = repositories.create_repository(conn, self.caller(name), new)
                    self.repos[made.full_name] = made

    def caller(self, name: str) -> Caller:
        return Caller(self.accounts[name], Token(1, "t", "write", datetime.now(UTC)))

    def put(self, content: bytes) -> Blob:
        with self.store.begin() as writer:
            writer.write(content)
            return writer.commit()

    def commit(self, repo: Repository, operation: AddFile | AddLarge) -> None:
        account = self.accounts[repo.namespace]
        with self.database.write() as conn:
            request = CommitRequest("refs/heads/main", [operation], account, "change")
            commits.create_commit(conn, repo, request)

    def add_blob(self, repo: Repository, content: bytes) -> None:
        blob = self.put(content)
        with self.database.write() as conn:
            large_files.add_blob(conn, repo.id, blob)
        self.commit(repo, AddLarge(f"{blob.sha256[:9]}.bin", *blob))

    def add_to_git(self, repo: Repository, content: bytes) -> None:
        blob = self.put(content)
        self.commit(repo, AddFile(blob.sha256[:9], make_stored_blob(content, blob.sha256)))

    def add_xet(self, repo: Repository, chunks: list[bytes], used: int) -> None:
        """A file of the first ``used`` chunks of a xorb."""
        sent, content = Xorb(chunks), b"".join(chunks[:used])
        parser = XorbParser(lambda frames: None)
        parser.feed(sent.body)
        name, table = parser.finish()
        blob = self.put(sent.body)
        terms = Terms.of([Term(sent.raw_hash, len(content), 0, used)])
        told = File([sent.term(0, used)], content)
        file = XetFile(told.hash, told.sha256, terms)
        with self.database.write() as conn:
            condemned.release(conn, [blob.sha256])
            records.add_xorb(conn, StoredXorb(name, blob, table), repo.id)
            records.add_files(conn, [file])
            row = XetFileRow(file.sha256, file.size_bytes, file.hash)
            large_files.add_xet_files(conn, repo.id, [row])
        self.commit(repo, AddLarge(f"{file.sha256[:9]}.xet", file.sha256, file.size_bytes))

    def grow(self, chance: random.Random, steps: int) -> None:
        for _ in range(steps):
            repo = self.repos[chance.choice(sorted(self.repos))]
            content = bytes([chance.randrange(4)]) * (100 + 50 * chance.randrange(3))
            chunks = [bytes([chance.randrange(3)]) * 80 for _ in range(3)]
            match chance.randrange(4):
                case 0:
                    self.add_blob(repo, content)
                case 1:
                    self.add_to_git(repo, content)
                case 2:
                    self.add_xet(repo, chunks, chance.randrange(1, 4))
                case 3:
                    self.put(content)

    def stored_bytes(self) -> int:
        return sum(blob.size_bytes for blob in self.store.stored())

    def sweep(self) -> None:
        collect(self.database, self.store, Graces.all(timedelta(0)))


@pytest.fixture
def world(database: Database, blobs: LocalBlobStore) -> World:
    return World(database, blobs)


def assert_adds_up(world: World, told: Report) -> None:
    stored = told.stored
    assert stored.bytes == world.stored_bytes()
    for shares, held in (
        (told.repositories, stored.of_repositories),
        (told.accounts, stored.of_accounts),
    ):
        alone = sum(one.alone_bytes for one in shares)
        assert alone + held.shared_once + stored.elsewhere + stored.unused == stored.bytes
        assert sum(one.shared_bytes for one in shares) >= 2 * held.shared_once


@settings(max_examples=4)
@given(seed=st.integers(0, 2**16), steps=st.integers(0, 12), chosen=st.integers(0, 5))
def test_all_adds_up_and_removing_a_repository_frees_what_was_told(
    seed: int, steps: int, chosen: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("report")
    database = Database(sqlite_url(folder))
    world = World(database, LocalBlobStore(folder / "blobs"))
    world.grow(random.Random(seed), steps)
    assert_adds_up(world, report(database, world.store))
    world.sweep()
    name = sorted(world.repos)[chosen]
    (share,) = report(database, world.store, world.repos[name]).repositories
    account, _, short = name.partition("/")
    before = world.stored_bytes()
    with database.write() as conn:
        gone = RepositoryName(Kind.MODEL, account, short)
        repositories.delete_repository(conn, world.caller(account), gone)
    world.sweep()
    assert before - world.stored_bytes() == share.alone_bytes
    told = report(database, world.store)
    assert_adds_up(world, told)
    assert told.stored.unused == 0
    database.dispose()


def test_an_account_is_told_with_whom_it_shares_and_nobody_else_is_named(world: World) -> None:
    anna, ben, cleo = (world.repos[f"{name}/r1"] for name in NAMES)
    world.add_blob(anna, b"a" * 1000)
    world.add_blob(world.repos["anna/r2"], b"a" * 1000)
    for repo in (anna, ben):
        world.add_blob(repo, b"b" * 500)
    world.add_blob(cleo, b"c" * 70)
    told = report(world.database, world.store, world.accounts["anna"])
    assert [(one.name, one.bytes) for one in told.shared_with] == [("ben", 500)]
    (account,) = told.accounts
    assert (account.name, account.alone_bytes, account.shared_bytes) == ("anna", 1000, 500)
    assert account.logical_bytes >= 2500
    assert {one.name for one in told.repositories} == {"anna/r1", "anna/r2"}
    of_repo = report(world.database, world.store, anna)
    assert [tuple(one) for one in of_repo.shared_with] == [("anna/r2", 1000), ("ben/r1", 500)]
    assert of_repo.repositories[0].alone_bytes == 0 and not of_repo.accounts


def test_a_xorb_counts_whole_for_everybody_who_needs_a_part_of_it(world: World) -> None:
    chunks = [b"x" * 300, b"y" * 300, b"z" * 300]
    size = len(Xorb(chunks).body)
    world.add_xet(world.repos["anna/r1"], chunks, 1)
    told = report(world.database, world.store)
    assert {one.name: one.alone_bytes for one in told.repositories}["anna/r1"] == size
    world.add_xet(world.repos["ben/r1"], chunks, 3)
    told = report(world.database, world.store)
    shares = {one.name: (one.alone_bytes, one.shared_bytes) for one in told.repositories}
    assert shares["anna/r1"] == shares["ben/r1"] == (0, size)
    assert told.stored.of_repositories.shared_once == size


def test_what_no_repository_needs_is_told_apart(world: World) -> None:
    world.put(b"nobody's" * 10)
    with world.database.write() as conn:  # a file that was let go of, and not swept yet
        blob = world.put(b"idle" * 5)
        row = {"sha256": blob.sha256, "size_bytes": 20, "is_blob": True, "xet_hash": None}
        conn.execute(sa.insert(large_rows).values(row))
    stored = report(world.database, world.store).stored
    assert (stored.unused, stored.elsewhere) == (80, 20)
