"""The sweep removes what nothing refers to, after its grace, and never anything else."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock import clock
from paddock.digest import sha256_hex
from paddock.hub import lookup, repositories
from paddock.hub.context import Hub
from paddock.hub.errors import NotUploaded
from paddock.hub.fsck.checkers import Checking
from paddock.hub.fsck.findings import Findings
from paddock.hub.fsck.running import check_store
from paddock.hub.garbage import blobs as blob_sweep
from paddock.hub.garbage.collecting import collect
from paddock.hub.garbage.graces import Graces
from paddock.hub.garbage.referrers import naming_columns
from paddock.hub.git import commits, files, refs
from paddock.hub.git.commits import CommitRequest, NewBranch
from paddock.hub.git.objects import ObjectType, make_object, make_stored_blob
from paddock.hub.git.operations import AddFile, AddLarge, Delete, Operation
from paddock.hub.git.reachability import reachable
from paddock.hub.large import administration, condemned, large_files, usage
from paddock.hub.large.condemned import BlobWentAway
from paddock.hub.large.content import open_content
from paddock.hub.large.large_files import XetFileRow
from paddock.hub.large.tables import condemned_blobs, xet_file_xorbs, xorb_known_to
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import create_user
from paddock.hub.repositories import NewRepository
from paddock.hub.tables import git_objects, xet_files, xorbs
from paddock.hub.tables import large_files as large_files_rows
from paddock.hub.types import Account, Caller, FileEntry, Kind, Repository, Token
from paddock.hub.xet import known, own_terms, records, variants
from paddock.hub.xet.layout import Term, Terms
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.hub.xet.views import ViewBuilder, ViewedXorb
from paddock.hub.xet.xorbs import XorbParser
from paddock.storage.blobs import Blob, BlobStore
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub.xet.messages import File, Xorb

DAY = timedelta(days=1)
START = datetime.now(UTC) + timedelta(hours=1)  # after whatever the file system says


class Time:
    """The clock, held still and moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def pass_(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    held = Time()
    monkeypatch.setattr(clock, "now", lambda: held.now)
    return held


class World:
    """A hub with one user and one repository, driven without HTTP."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self.hub = Hub(database, store, None)
        self.database, self.store = database, store
        with database.write() as conn:
            self.anna: Account = create_user(conn, "anna")
            self.caller = Caller(self.anna, Token(1, "t", "write", START))
            self.repo = self.create(conn, "repo")

    def create(self, conn: sa.Connection, name: str) -> Repository:
        return repositories.create_repository(
            conn, self.caller, NewRepository(Kind.MODEL, name, "anna")
        )

    def put(self, content: bytes) -> Blob:
        with self.store.begin() as writer:
            writer.write(content)
            return writer.commit()

    def upload(self, content: bytes) -> str:
        """A large file as by git-lfs."""
        blob = self.put(content)
        condemned.forget_removed(self.database, self.store, [blob.sha256])
        with self.database.write() as conn:
            large_files.add_blob(conn, self.repo.id, blob)
        return blob.sha256

    def other_repo(self) -> Repository:
        with self.database.write() as conn:
            return self.create(conn, "other")

    def stored_xorb(self, sent: Xorb) -> StoredXorb:
        parser = XorbParser(lambda frames: None)
        parser.feed(sent.body)
        name, table = parser.finish()
        xorb = StoredXorb(name, self.put(sent.body), table)
        condemned.forget_removed(self.database, self.store, [xorb.blob.sha256])
        return xorb

    def register(self, sent: Xorb, end: int, file_hash: str, sha256: str) -> XetFile:
        """The xorb's row, and a file of its first chunks that is not registered."""
        with self.database.write() as conn:
            records.add_xorb(conn, self.stored_xorb(sent), self.repo.id)
        size = sum(map(len, sent.chunks[:end]))
        return XetFile(file_hash, sha256, Terms.of([Term(sent.raw_hash, size, 0, end)]))

    def upload_xet(self, chunks: list[bytes], unused: bytes) -> tuple[str, int]:
        """A file as by Xet, in a xorb that has a chunk more; its SHA-256 and size."""
        sent = Xorb([*chunks, unused])
        xorb = self.stored_xorb(sent)
        name = xorb.hash
        content, term = b"".join(chunks), sent.term(0, len(chunks))
        terms = Terms.of([Term(sent.raw_hash, len(content), 0, len(chunks))])
        file = XetFile(File([term], content).hash, sha256_hex(content), terms)
        row = XetFileRow(file.sha256, file.size_bytes, file.hash)
        with self.database.write() as conn:
            records.add_xorb(conn, xorb, self.repo.id)
            known.add_told(conn, self.anna.id, {name: np.ones(2, np.bool_)})
            records.add_files(conn, [file])
            large_files.add_xet_files(conn, self.repo.id, [row])
        return file.sha256, file.size_bytes

    def stored(self, path: str, content: bytes) -> AddFile:
        """A file that is kept as a blob beside its row."""
        blob = self.put(content)
        condemned.forget_removed(self.database, self.store, [blob.sha256])
        return AddFile(path, make_stored_blob(content, blob.sha256))

    def commit(self, *operations: Operation, branch: str = "main", parent: str = "") -> str:
        request = CommitRequest(f"refs/heads/{branch}", operations, self.anna, "change")
        with self.database.write() as conn:
            return commits.create_commit(conn, self.repo, request)

    def collect(self, grace: timedelta = DAY, *, dry_run: bool = False) -> dict[str, int]:
        return collect(self.database, self.store, Graces.all(grace), dry_run=dry_run).as_dict()

    def blobs(self) -> set[str]:
        return {blob.sha256 for blob in self.store.stored()}

    def read(self, path: str, revision: str = "main") -> bytes:
        with self.database.read() as conn:
            oid = refs.resolve_revision(conn, self.repo, revision)
            entry = files.entry_at(conn, self.repo, oid, path)
            assert isinstance(entry, FileEntry)
            content = open_content(self.hub, self.repo, entry, conn)
        return b"".join(content.read(0, content.size_bytes))

    def oids(self) -> set[str]:
        query = sa.select(git_objects.c.oid).where(git_objects.c.repo_id == self.repo.id)
        with self.database.read() as conn:
            return set(conn.execute(query).scalars())

    def reached(self) -> set[str]:
        with self.database.read() as conn:
            tips = {oid for ref in refs.list_refs(conn, self.repo) for oid in ref[1:]}
            return reachable(conn, self.repo.id, tips)


@pytest.fixture
def world(database: Database, blobs: LocalBlobStore, time: Time) -> World:
    return World(database, blobs)


def sweep_until_over(world: World, time: Time, grace: timedelta = DAY) -> None:
    """As many sweeps as it takes for one thing's end to let the next one go."""
    for _ in range(4):
        world.collect(grace)
        time.pass_(grace + timedelta(minutes=1))
    world.collect(grace)


def test_a_branch_that_went_takes_its_files_along_after_the_grace(world: World, time: Time) -> None:
    keep = world.upload(b"k" * 1000)
    world.commit(AddLarge("keep.bin", keep, 1000), world.stored("small.bin", b"s" * 100))
    with world.database.write() as conn:
        tip = refs.find_ref(conn, world.repo, refs.MAIN)
        assert tip is not None
        commits.create_branch(conn, world.repo, world.anna, NewBranch("dev", tip.commit_oid))
    lost = world.upload(b"l" * 2000)
    gone = world.commit(
        AddLarge("lost.bin", lost, 2000), world.stored("x.bin", b"x" * 50), branch="dev"
    )
    with world.database.write() as conn:
        commits.delete_branch(conn, world.repo, world.anna, "dev")
    before = world.blobs()
    world.collect()
    time.pass_(DAY / 2)
    world.collect()
    assert world.blobs() == before and world.read("lost.bin", gone) == b"l" * 2000
    sweep_until_over(world, time)
    assert world.oids() == world.reached()
    assert world.blobs() == {keep, world.put(b"s" * 100).sha256}
    assert world.read("keep.bin") == b"k" * 1000 and world.read("small.bin") == b"s" * 100
    with world.database.read() as conn:
        assert usage.of_repository(conn, world.repo.id) < 3000
        with pytest.raises(Exception, match="Invalid rev"):
            refs.resolve_revision(conn, world.repo, gone)


def test_a_deleted_repository_frees_its_bytes(world: World, time: Time) -> None:
    world.commit(AddLarge("a.bin", world.upload(b"a" * 1000), 1000))
    with world.database.write() as conn:
        name = RepositoryName(Kind.MODEL, "anna", "repo")
        repositories.delete_repository(conn, world.caller, name)
    world.collect()
    assert world.blobs()
    time.pass_(DAY + timedelta(minutes=1))
    world.collect()
    assert world.blobs() == set()


def test_what_was_uploaded_and_never_committed_goes(world: World, time: Time) -> None:
    sha256 = world.upload(b"a" * 1000)
    world.collect()
    time.pass_(DAY / 2)
    world.collect()
    with world.database.read() as conn:
        assert large_files.present(conn, world.repo.id, [sha256])
    sweep_until_over(world, time)
    assert world.blobs() == set()
    with world.database.read() as conn:
        assert not large_files.present(conn, world.repo.id, [sha256])


def test_a_client_that_was_told_it_is_here_may_commit_it_later(world: World, time: Time) -> None:
    sha256 = world.upload(b"a" * 1000)
    world.collect()
    time.pass_(DAY - timedelta(minutes=1))
    with world.database.write() as conn:
        assert large_files.idle(conn, world.repo.id, [sha256]) == [sha256]
        large_files.keep(conn, world.repo.id, [sha256])
    time.pass_(timedelta(hours=2))
    world.collect()
    world.commit(AddLarge("a.bin", sha256, 1000))
    assert world.read("a.bin") == b"a" * 1000


def test_a_dry_run_removes_nothing_and_tells_what_would_go(world: World, time: Time) -> None:
    orphan = world.put(b"nobody's")
    assert world.collect(dry_run=True)["waiting_blobs"] == 1
    world.collect()
    time.pass_(2 * DAY)
    told = world.collect(dry_run=True)
    assert (told["blobs"], told["bytes"]) == (1, 8)
    assert world.blobs() == {orphan.sha256}
    assert world.collect()["blobs"] == 1
    assert world.blobs() == set()


def test_a_blob_that_is_named_again_in_time_is_kept(world: World, time: Time) -> None:
    world.put(b"a" * 1000)
    world.collect()
    time.pass_(2 * DAY)
    sha256 = world.upload(b"a" * 1000)  # found, not written again
    world.collect()
    assert world.blobs() == {sha256}
    with world.database.read() as conn:
        assert conn.execute(sa.select(condemned_blobs)).all() == []


def test_an_upload_that_found_a_blob_which_then_went_is_told_so(world: World, time: Time) -> None:
    blob = world.put(b"a" * 1000)
    world.collect()
    time.pass_(2 * DAY)
    assert world.put(b"a" * 1000) == blob  # it is there: nothing is written
    world.collect()
    with pytest.raises(BlobWentAway), world.database.write() as conn:
        large_files.add_blob(conn, world.repo.id, blob)
    assert world.upload(b"a" * 1000) == blob.sha256  # sent again, it is kept
    world.collect()
    time.pass_(2 * DAY)
    world.collect()
    assert world.blobs() == {blob.sha256}


def test_a_sweep_that_was_killed_is_finished_by_the_next(
    world: World, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after it said that it deletes, and before it did."""
    doomed = [world.put(bytes([n]) * 100).sha256 for n in range(5)]
    kept = world.upload(b"kept")
    world.commit(AddLarge("k.bin", kept, 4))
    world.collect()
    time.pass_(2 * DAY)

    class Killed(BaseException):
        pass

    def die(sha256: str) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "delete", die)
        with pytest.raises(Killed):
            world.collect()
    assert world.blobs() == {*doomed, kept}
    with pytest.raises(BlobWentAway), world.database.write() as conn:
        large_files.add_blob(conn, world.repo.id, Blob(doomed[0], 100))
    world.collect()
    assert world.blobs() == {kept}


def test_a_commit_that_brings_an_unreachable_object_back_keeps_it(world: World, time: Time) -> None:
    content = b"comes back" * 10_000
    old = world.commit(world.stored("a.bin", content))
    with world.database.write() as conn:
        commits.super_squash(conn, world.repo, refs.MAIN, world.anna, "one")
    world.commit(Delete("a.bin"))
    with world.database.write() as conn:
        commits.super_squash(conn, world.repo, refs.MAIN, world.anna, "two")
    world.collect()
    time.pass_(DAY - timedelta(hours=1))
    with world.database.write() as conn:  # a branch at a commit that nothing leads to
        commits.create_branch(conn, world.repo, world.anna, NewBranch("back", old))
    time.pass_(timedelta(hours=2))
    world.collect()
    assert world.read("a.bin", "back") == content
    assert world.reached() <= world.oids()


def test_a_branch_made_while_the_sweep_removes_keeps_what_it_leads_to(
    world: World, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep has decided, and waits for the lock while somebody makes a branch."""
    from paddock.hub.garbage import repositories as sweep

    old = world.commit(world.stored("a.bin", b"x" * 5000))
    with world.database.write() as conn:
        commits.super_squash(conn, world.repo, refs.MAIN, world.anna, "one")
    world.commit(Delete("a.bin"))
    with world.database.write() as conn:
        commits.super_squash(conn, world.repo, refs.MAIN, world.anna, "two")
    world.collect()
    time.pass_(2 * DAY)
    really_remove = sweep._remove
    made: list[str] = []

    def make_a_branch_first(*arguments: object) -> int:
        if not made:
            made.append(old)
            with world.database.write() as conn:
                commits.create_branch(conn, world.repo, world.anna, NewBranch("back", old))
        return really_remove(*arguments)

    monkeypatch.setattr(sweep, "_remove", make_a_branch_first)
    world.collect()
    assert made and world.read("a.bin", "back") == b"x" * 5000


def test_every_column_that_may_name_a_blob_protects_it() -> None:
    """Whoever adds a column of digests need not know of the sweep."""
    named = {f"{column.table.name}.{column.name}" for column in naming_columns()}
    assert {"git_objects.blob_sha256", "large_files.sha256", "xorbs.blob_sha256"} <= named
    assert "repository_large_files.sha256" not in named


def test_uploads_of_the_same_bytes_meet_sweeps_and_nothing_is_lost(
    database: Database, blobs: LocalBlobStore
) -> None:
    """Writers store, commit and delete the same few contents while sweeps run without any grace
    but what it takes to name a blob."""
    world = World(database, blobs)
    contents = [bytes([n]) * 500 for n in range(4)]
    stop = threading.Event()
    failures: list[BaseException] = []

    def write(number: int) -> None:
        chosen = random.Random(number)
        for round_ in range(12):
            content = chosen.choice(contents)
            path = f"{number}.bin"
            try:
                sha256 = world.upload(content)
                world.commit(AddLarge(path, sha256, len(content)))
                assert world.read(path) == content
                if round_ % 2:
                    world.commit(Delete(path))
            except BlobWentAway:
                continue
            except BaseException as e:
                failures.append(e)
                return

    def sweep() -> None:
        while not stop.is_set():
            world.collect(timedelta(seconds=0.5))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    sweeper = threading.Thread(target=sweep)
    for thread in (*writers, sweeper):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    sweeper.join()
    assert failures == []
    with database.read() as conn:
        repo = lookup.repository_by_id(conn, world.repo.id)
        tip = refs.find_ref(conn, repo, refs.MAIN)
        assert tip is not None
        for entry in files.all_files(conn, repo, tip.commit_oid):
            content = open_content(world.hub, repo, entry, conn)
            assert len(b"".join(content.read(0, content.size_bytes))) == entry.size_bytes


Step = Callable[[World, random.Random], None]


def _commit_large(world: World, chance: random.Random) -> None:
    content = bytes([chance.randrange(6)]) * 300
    sha256 = world.upload(content)
    world.commit(AddLarge(f"{chance.randrange(3)}.bin", sha256, 300), branch=_branch(world, chance))


def _commit_small(world: World, chance: random.Random) -> None:
    content = bytes([65 + chance.randrange(6)]) * 200
    path = f"folder{chance.randrange(2)}/{chance.randrange(3)}.txt"
    operation = world.stored(path, content)
    if chance.random() < 0.5:
        operation = AddFile(path, make_object(ObjectType.BLOB, content))
    world.commit(operation, branch=_branch(world, chance))


def _branch_off(world: World, chance: random.Random) -> None:
    known = sorted(_commits(world))
    new = NewBranch(f"b{chance.randrange(4)}", chance.choice(known), overwrite=True)
    with world.database.write() as conn:
        commits.create_branch(conn, world.repo, world.anna, new)


def _delete_branch(world: World, chance: random.Random) -> None:
    branch = _branch(world, chance)
    if branch != "main":
        with world.database.write() as conn:
            commits.delete_branch(conn, world.repo, world.anna, branch)


def _squash(world: World, chance: random.Random) -> None:
    with world.database.write() as conn:
        ref = f"refs/heads/{_branch(world, chance)}"
        commits.super_squash(conn, world.repo, ref, world.anna, "squashed")


def _upload_only(world: World, chance: random.Random) -> None:
    world.upload(bytes([100 + chance.randrange(3)]) * 400)


def _commit_xet(world: World, chance: random.Random) -> None:
    """A file of some of a few chunks, in a xorb of its own beside a chunk that nobody uses."""
    chunks = [bytes([200 + chance.randrange(4)]) * 500 for _ in range(chance.randrange(1, 4))]
    sha256, size = world.upload_xet(chunks, bytes([250 + chance.randrange(2)]) * 400)
    world.commit(AddLarge(f"x{chance.randrange(3)}", sha256, size), branch=_branch(world, chance))


def _branch(world: World, chance: random.Random) -> str:
    with world.database.read() as conn:
        names = [ref.name for ref in refs.list_refs(conn, world.repo)]
    return chance.choice(names).removeprefix("refs/heads/")


def _commits(world: World) -> Iterator[str]:
    from paddock.hub.tables import commits as rows

    with world.database.read() as conn:
        query = sa.select(rows.c.oid).where(rows.c.repo_id == world.repo.id)
        yield from conn.execute(query).scalars()


STEPS: tuple[Step, ...] = (
    _commit_large, _commit_small, _branch_off, _delete_branch, _squash, _upload_only,
)  # fmt: skip


@settings(max_examples=8)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([*STEPS, None]), st.integers(0, 30), st.integers(0, 2**16)),
        min_size=3,
        max_size=25,
    )
)
def test_whatever_happens_only_the_unreachable_goes_and_all_of_it(
    steps: list[tuple[Step | None, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Commits, branches, squashes and sweeps (None), hours apart, with a grace of a day."""
    folder = tmp_path_factory.mktemp("gc")
    database = Database(sqlite_url(folder))
    time = Time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: time.now)
        world = World(database, LocalBlobStore(folder / "blobs"))
        for step, hours, seed in steps:
            time.pass_(timedelta(hours=hours))
            if step is None:
                grace = DAY * (hours % 3)
                told = world.collect(grace, dry_run=True)
                assert world.collect(grace) == told
            else:
                step(world, random.Random(seed))
            _everything_reads(world)
        sweep_until_over(world, time)
        _everything_reads(world)
        assert world.oids() == world.reached()
        assert world.blobs() == _named_blobs(world)
        assert _xorbs_without_files(world) == 0
    database.dispose()


def _everything_reads(world: World) -> None:
    """Every file of every commit that the repository knows: those are what can be asked for."""
    with world.database.read() as conn:
        tips = [ref.commit_oid for ref in refs.list_refs(conn, world.repo)]
        for oid in tips:
            for entry in files.all_files(conn, world.repo, oid):
                content = open_content(world.hub, world.repo, entry, conn)
                assert len(b"".join(content.read(0, content.size_bytes))) == entry.size_bytes


def _named_blobs(world: World) -> set[str]:
    large = large_files_rows.c
    queries = (
        sa.select(git_objects.c.blob_sha256).where(git_objects.c.blob_sha256.is_not(None)),
        sa.select(git_objects.c.lfs_sha256)
        .join(large_files_rows, large.sha256 == git_objects.c.lfs_sha256)
        .where(large.is_blob),
        sa.select(xorbs.c.blob_sha256),
    )
    with world.database.read() as conn:
        return {sha256 for query in queries for sha256 in conn.execute(query).scalars()}


def _xorbs_without_files(world: World) -> int:
    used = sa.exists().where(xet_file_xorbs.c.xorb_hash == xorbs.c.hash)
    query = sa.select(sa.func.count()).select_from(xorbs).where(~used)
    with world.database.read() as conn:
        return int(conn.execute(query).scalar_one())


def test_the_sweep_goes_through_a_store_of_many_blobs_in_steps(
    world: World, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_sweep, "_DELETIONS_PER_STEP", 3)
    for number in range(10):
        world.put(bytes([number]) * 10)
    world.collect()
    time.pass_(2 * DAY)
    assert world.collect()["blobs"] == 10


def test_what_was_told_of_a_xorb_goes_when_no_client_can_remember_it(
    world: World, time: Time
) -> None:
    sha256, size = world.upload_xet([b"a" * 500, b"b" * 500], b"unused")
    world.commit(AddLarge("x", sha256, size))
    mask = np.ones(1, np.bool_)
    with world.database.write() as conn:
        (xorb,) = conn.execute(sa.select(xorbs.c.hash)).scalars()
        other = create_user(conn, "other")
        known.add_sent(conn, other.id, [xorb])
    time.pass_(DAY - timedelta(minutes=1))
    with world.database.write() as conn:
        known.add_told(conn, world.anna.id, {xorb: mask})  # again: for another day
    time.pass_(timedelta(minutes=2))
    world.collect()
    assert told_accounts(world) == {world.anna.id, other.id}
    time.pass_(DAY)
    world.collect()
    assert told_accounts(world) == {other.id}  # who sent it may name it as long as it is here


def test_a_view_that_somebody_was_just_told_of_outlives_its_file(world: World, time: Time) -> None:
    """Who was told of it may still be sending a file that is made of it."""
    content = b"v" * 1000
    sha256 = world.upload(content)
    viewed: list[ViewedXorb] = []
    builder = ViewBuilder(viewed.append)
    builder.feed(content)
    with world.database.write() as conn:
        file = builder.finish()
        records.add_viewed_xorbs(conn, sha256, viewed)
        records.add_viewed_file(conn, sha256, file)
        known.add_told(conn, world.anna.id, {viewed[0].hash: np.ones(1, np.bool_)})
    world.commit(AddLarge("v", sha256, 1000))
    with world.database.write() as conn:
        administration.remove_for_good(conn, world.repo, world.anna, [sha256], rewrite_history=True)
    for days, left in ((0, 1), (3, 1), (5, 1), (2, 0)):  # then the blob's own day
        time.pass_(days * DAY)
        told = collect(world.database, world.store, Graces(), dry_run=True)
        assert collect(world.database, world.store, Graces()) == told
        assert len(world.blobs()) == left


def told_accounts(world: World) -> set[int]:
    with world.database.read() as conn:
        return set(conn.execute(sa.select(xorb_known_to.c.account_id)).scalars())


def test_terms_for_one_repository_alone_go_when_it_holds_the_file_no_more(world: World) -> None:
    """The same bytes in other terms, sent by somebody who may not name the first ones."""
    chunks = [b"a" * 500, b"b" * 500]
    sha256, size = world.upload_xet(chunks, b"unused")
    world.commit(AddLarge("x", sha256, size))
    first, world.repo = world.repo, world.other_repo()
    sent = Xorb([b"".join(chunks)])
    with world.database.write() as conn:
        row = conn.execute(xet_files.select()).one()
    own = world.register(sent, 1, row.hash, sha256)
    with world.database.write() as conn:
        large_files.grant(conn, world.repo.id, [sha256])
        own_terms.keep(conn, world.repo.id, [own], set())
    world.commit(AddLarge("y", sha256, size))
    assert world.collect(timedelta(0))["xorbs"] == 0 and len(world.blobs()) == 2
    with world.database.write() as conn:
        administration.remove_for_good(conn, world.repo, world.anna, [sha256], rewrite_history=True)
    told = world.collect(timedelta(0), dry_run=True)
    assert world.collect(timedelta(0)) == told and (told["xet_files"], told["xorbs"]) == (1, 1)
    world.repo = first
    assert world.read("x") == b"".join(chunks) and len(world.blobs()) == 1


def test_another_form_of_a_xorb_goes_when_its_repository_has_no_file_of_it(
    world: World, time: Time
) -> None:
    """It was sent by somebody who could not know that the xorb was here."""
    chunks = [b"a" * 500, b"b" * 500]
    sha256, size = world.upload_xet(chunks, b"unused")
    world.commit(AddLarge("x", sha256, size))
    first, world.repo = world.repo, world.other_repo()
    packed = world.stored_xorb(Xorb([*chunks, b"unused"], [1, 1, 0]))
    with world.database.write() as conn:
        other = create_user(conn, "other")
        known.add_sent(conn, other.id, [packed.hash])
        variants.add_if_other(conn, packed, world.repo.id, other.id)
    world.collect()
    assert len(world.blobs()) == 2  # sent, and its file is still to come
    with world.database.write() as conn:
        large_files.grant(conn, world.repo.id, [sha256])
    world.commit(AddLarge("y", sha256, size))
    time.pass_(2 * DAY)
    assert world.collect(timedelta(0))["blobs"] == 0
    with world.database.write() as conn:
        administration.remove_for_good(conn, world.repo, world.anna, [sha256], rewrite_history=True)
    told = world.collect(timedelta(0), dry_run=True)
    assert told["blobs"] == 1 and world.collect(timedelta(0)) == told
    world.repo = first
    assert world.read("x") == b"".join(chunks) and len(world.blobs()) == 1


def test_a_dry_run_sees_through_everything_that_goes_at_once(world: World) -> None:
    """Without any grace a deleted repository takes files, chunks and blobs along in one sweep."""
    world.commit(AddLarge("a", world.upload(b"a" * 1000), 1000), world.stored("s", b"s" * 100))
    sha256, size = world.upload_xet([b"a" * 500, b"b" * 500], b"unused")
    world.commit(AddLarge("x", sha256, size))
    with world.database.write() as conn:
        name = RepositoryName(Kind.MODEL, "anna", "repo")
        repositories.delete_repository(conn, world.caller, name)
    told = world.collect(timedelta(0), dry_run=True)
    assert told["blobs"] == 3 and told["xorbs"] == 1 and len(world.blobs()) == 3
    assert world.collect(timedelta(0)) == told and world.blobs() == set()


def test_xet_uploads_meet_sweeps_and_checks_and_nothing_is_lost_or_said_to_be(
    database: Database, blobs: LocalBlobStore
) -> None:
    """Writers share xorbs, commit and delete, while sweeps have next to no grace; a check of the
    store that runs meanwhile finds nothing wrong, for nothing is."""
    world = World(database, blobs)
    stop = threading.Event()
    failures: list[object] = []

    def write(number: int) -> None:
        try:
            _write_shared_xorbs(world, number)
        except BaseException as e:
            failures.append(e)

    def sweep() -> None:
        while not stop.is_set():
            world.collect(timedelta(seconds=0.3))

    def check() -> None:
        while not stop.is_set():
            findings = Findings()
            check_store(Checking(database, blobs, findings, is_deep=True))
            failures.extend(findings.told)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
    others = [threading.Thread(target=one) for one in (sweep, check)]
    for thread in (*writers, *others):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    assert failures == []


def _write_shared_xorbs(world: World, number: int) -> None:
    chosen = random.Random(number)
    for round_ in range(10):
        chunks = [bytes([chosen.randrange(3)]) * 500 for _ in range(2)]
        try:
            sha256, size = world.upload_xet(chunks, b"unused")
            world.commit(AddLarge(f"{number}", sha256, size))
        except (BlobWentAway, NotUploaded):  # told so, a client sends it again
            continue
        assert world.read(f"{number}") == b"".join(chunks)
        if round_ % 2:
            world.commit(Delete(f"{number}"))
