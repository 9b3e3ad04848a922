"""Commits in the database have the ids that git gives them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from paddock.digest import sha256_hex
from paddock.errors import BadInput
from paddock.hub.catalogue.card import BadCard
from paddock.hub.errors import (
    BadPath,
    EntryNotFound,
    NotUploaded,
    RevisionNotFound,
    StaleParent,
)
from paddock.hub.git import commits, files, refs
from paddock.hub.git.commit_objects import NewTag
from paddock.hub.git.commits import NewBranch
from paddock.hub.git.objects import make_stored_blob
from paddock.hub.git.operations import AddFile, AddLarge, Delete, DeleteFolder, Operation
from paddock.hub.git.trees import EMPTY_TREE_OID
from paddock.hub.large import large_files
from paddock.hub.large.pointers import Pointer, render_pointer
from paddock.hub.tables import commits as commit_rows
from paddock.hub.tables import git_objects, repositories
from paddock.hub.types import FileEntry, Kind
from paddock.storage.blobs import Blob
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub import real_git
from tests.hub.samples import (
    add,
    commit,
    commit_files,
    file_at,
    make_account,
    make_repository,
    paths,
    tip,
)

# Few names, so that operations meet; among them what sorts oddly and what merely looks equal.
NAMES = ["a", "b", "a.b", "a-b", "a0", "é", "é", "שלום", "🐎", " ", 'q"q', "Readme", "README"]
SOME_PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
OPERATIONS = st.one_of(
    st.builds(add, SOME_PATHS, st.binary(max_size=8)),
    st.builds(add, SOME_PATHS, st.binary(max_size=8)),
    st.builds(Delete, SOME_PATHS),
    st.builds(DeleteFolder, SOME_PATHS),
)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone, for what has nothing to do with the database."""
    opened = Database(sqlite_url(tmp_path))
    yield opened
    opened.dispose()


def _as_git_command(operation: Operation) -> bytes:
    if isinstance(operation, AddFile):
        assert operation.blob.content is not None
        return real_git.modify(operation.path, operation.blob.content)
    return real_git.delete(operation.path)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.lists(OPERATIONS, max_size=12), min_size=1, max_size=5))
@example(history=[[add("a/x"), add("a.b"), add("a-b"), add("a0"), add("a/a")]])
def test_any_history_has_the_ids_that_git_itself_gives(
    history: list[list[Operation]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("history")
    database = Database(sqlite_url(folder))
    with database.write() as conn:
        repo = make_repository(conn)
        first = tip(conn, repo)
    attributes = commits.attributes.default_attributes(Kind.MODEL).encode()
    with database.read() as conn:
        row = real_git.commit_row(conn, repo, first)
    steps = [real_git.Imported(row, real_git.modify(".gitattributes", attributes))]

    def try_to_commit(*operations: Operation) -> bool:
        try:
            with database.write() as conn:
                oid = commit(conn, repo, *operations)
                row = real_git.commit_row(conn, repo, oid)
        except (BadPath, EntryNotFound):
            return False  # refused as a whole: git never hears of it
        steps.append(real_git.Imported(row, b"".join(map(_as_git_command, operations))))
        return True

    for operations in history:
        if not try_to_commit(*operations):
            for operation in operations:
                try_to_commit(operation)
    with database.read() as conn:
        exported = real_git.export(conn, LocalBlobStore(folder / "blobs"), repo, folder / "ours")
        ours = tip(conn, repo)
    database.dispose()
    real_git.assert_sound(exported)
    assert real_git.import_history(folder / "theirs", steps) == ours


def test_a_repository_of_every_kind_of_object_satisfies_git(
    database: Database, blobs: LocalBlobStore, tmp_path: Path
) -> None:
    large = b"weights" * 1000
    with blobs.begin() as writer:
        writer.write(large)
        stored = writer.commit()
    with database.write() as conn:
        repo = make_repository(conn)
        large_files.add_blob(conn, repo.id, stored)
        commit(
            conn,
            repo,
            add("README.md", b"# Hi\n"),
            AddFile("deep/er/tokenizer.json", make_stored_blob(large, stored.sha256)),
            AddLarge("model.safetensors", stored.sha256, len(large)),
        )
        head = tip(conn, repo)
        author = make_account(conn)
        commits.create_tag(conn, repo, NewTag("v1", head, author, commits.clock.now(), "first"))
        commits.create_tag(conn, repo, NewTag("v2", head, author, commits.clock.now(), ""))
        commits.create_branch(conn, repo, author, NewBranch("empty", None))
        commits.create_branch(conn, repo, author, NewBranch("other", head))
        commits.super_squash(conn, repo, "refs/heads/other", author, "one")
    with database.read() as conn:
        folder = real_git.export(conn, blobs, repo, tmp_path / "out")
    real_git.assert_sound(folder)
    listing = real_git.git(folder, "ls-tree", "-r", "--name-only", "v1")
    assert listing.split() == [
        ".gitattributes", "README.md", "deep/er/tokenizer.json", "model.safetensors",
    ]  # fmt: skip
    assert real_git.git(folder, "cat-file", "-t", "v1").strip() == "tag"
    assert real_git.git(folder, "rev-parse", "v1^{commit}").strip() == head
    assert real_git.git(folder, "rev-parse", "empty^{tree}").strip() == EMPTY_TREE_OID
    assert real_git.git(folder, "rev-list", "--count", "other").strip() == "1"
    shown = real_git.git(folder, "show", "v1:model.safetensors")
    assert shown.encode() == render_pointer(Pointer(stored.sha256, len(large)))


def test_operations_happen_in_their_order(embedded: Database) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("a", b"1"), add("a", b"2"), add("b"), Delete("b"), add("c/d"))
        assert paths(conn, repo) == ["a", "c/d"]
        assert file_at(conn, repo, "a").oid == add("a", b"2").blob.oid
        commit(conn, repo, DeleteFolder("c"), add("c", b"now a file"), Delete("a"), add("a/b"))
        assert paths(conn, repo) == ["a/b", "c"]


def test_deleting_a_file_s_last_neighbour_removes_the_folder_above(embedded: Database) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("a/b/c"), add("x"))
        commit(conn, repo, Delete("a/b/c"), add("a", b"a file now"))
        assert paths(conn, repo) == ["a", "x"]


def test_overlapping_deletions_are_no_mistake(embedded: Database) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("a/b/c"), add("a/d"))
        commit(conn, repo, Delete("a/d"), DeleteFolder("a"), Delete("a/b/c"), Delete("a/d"))
        assert paths(conn, repo) == []


def test_deleting_a_file_may_name_a_folder(embedded: Database) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("a/b/c"), add("a/d"), add("e"))
        commit(conn, repo, Delete("a"))
        assert paths(conn, repo) == ["e"]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (Delete("none"), "A file with this name doesn't exist"),
        (Delete("e/none"), "A file with this name doesn't exist"),
        (Delete("e/f/g"), "A file with this name doesn't exist"),
        (DeleteFolder("none"), "A folder with this name doesn't exist"),
        (DeleteFolder("x"), "A folder with this name doesn't exist"),
    ],
)
def test_deleting_what_is_not_there_refuses_the_whole_commit(
    embedded: Database, operation: Operation, message: str
) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        before = commit_files(conn, repo, {"x": b"", "e/f": b""})
    with pytest.raises(EntryNotFound, match=message), embedded.write() as conn:
        commit(conn, repo, add("new"), operation)
    with embedded.read() as conn:
        assert tip(conn, repo) == before


@pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")])
def test_a_name_is_a_file_or_a_folder_and_neither_silently_replaces_the_other(
    embedded: Database, first: str, second: str
) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        with pytest.raises(BadPath, match="cannot be added"):
            commit(conn, repo, add(first), add(second))
        commit(conn, repo, add(first))
        with pytest.raises(BadPath, match="cannot be added"):
            commit(conn, repo, add(second))
        assert paths(conn, repo) == [first]


def test_names_that_only_look_equal_are_different_files(embedded: Database) -> None:
    names = ["\u00e9", "e\u0301", "\u202eabc", "🐎", "a\u200db", "x" * 255]
    with embedded.write() as conn:
        repo = make_repository(conn)
        commit_files(conn, repo, {name: name.encode() for name in names})
        assert sorted(paths(conn, repo)) == sorted(names)


def test_only_touched_folders_are_written_anew(embedded: Database) -> None:
    def trees(conn: sa.Connection) -> int:
        query = sa.select(sa.func.count()).where(
            git_objects.c.repo_id == repo.id, git_objects.c.type == 2
        )
        return conn.execute(query).scalar_one()

    with embedded.write() as conn:
        repo = make_repository(conn)
        commit_files(conn, repo, {f"d{i}/e/f{j}": b"x" * i for i in range(20) for j in range(3)})
        before = trees(conn)
        commit(conn, repo, add("d7/e/new", b"new"))
        assert trees(conn) == before + 3  # the root, d7 and d7/e


def test_a_commit_without_changes_is_empty_and_moves_the_branch(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        first = commit(conn, repo, add("a"))
        second = commit(conn, repo)
        third = commit(conn, repo, add("a"))
        assert len({first, second, third}) == 3
        trees = {files.tree_oid_of(conn, repo, oid) for oid in (first, second, third)}
        assert len(trees) == 1
        assert tip(conn, repo) == third


def test_a_stale_parent_is_refused_and_an_abbreviated_one_understood(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        first = tip(conn, repo)
        second = commit(conn, repo, add("a"), parent=first)
        commit(conn, repo, add("b"), parent=second[:8])
        with pytest.raises(StaleParent, match="Please refresh and try again"):
            commit(conn, repo, add("c"), parent=second)
        assert paths(conn, repo) == ["a", "b"]


@pytest.mark.parametrize("branch", ["none", "v1", "HEAD"])
def test_only_a_branch_that_is_there_takes_commits(database: Database, branch: str) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        refs.create_tag(conn, repo, "v1", tip(conn, repo), tip(conn, repo))
        with pytest.raises(RevisionNotFound, match=f"Invalid rev id: {branch}"):
            commit(conn, repo, add("a"), branch=branch)


def test_two_writers_of_one_branch_lose_nothing(database: Database) -> None:
    writers, rounds = 4, 8
    with database.write() as conn:
        repo = make_repository(conn)
    acknowledged: list[str] = []

    def write(writer: int) -> None:
        for number in range(rounds):
            with database.write() as conn:
                oid = commit(conn, repo, add(f"w{writer}/{number}", b"%d" % number))
            acknowledged.append(oid)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as conn:
        assert len(paths(conn, repo)) == writers * rounds
        row = real_git.commit_row(conn, repo, tip(conn, repo))
        assert row.height == 1 + writers * rounds
        line = [row.oid]
        while row.parents:
            row = real_git.commit_row(conn, repo, row.parents)
            line.append(row.oid)
    assert set(acknowledged) == set(line[:-1])


def test_of_writers_with_the_same_parent_exactly_one_wins(database: Database) -> None:
    writers = 4
    with database.write() as conn:
        repo = make_repository(conn)
        parent = tip(conn, repo)
    outcomes: list[str] = []
    together = threading.Barrier(writers)

    def write(writer: int) -> None:
        together.wait()
        try:
            with database.write() as conn:
                commit(conn, repo, add(f"w{writer}"), parent=parent)
            outcomes.append("won")
        except StaleParent:
            outcomes.append("stale")

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["stale"] * (writers - 1) + ["won"]
    with database.read() as conn:
        assert len(paths(conn, repo)) == 1


def test_a_transaction_that_fails_at_its_end_leaves_nothing(database: Database) -> None:
    def rows(conn: sa.Connection) -> list[int]:
        tables = (git_objects, commit_rows)
        return [
            conn.execute(sa.select(sa.func.count()).select_from(t)).scalar_one() for t in tables
        ]

    with database.write() as conn:
        repo = make_repository(conn)
        before = (tip(conn, repo), rows(conn))
    with pytest.raises(ZeroDivisionError), database.write() as conn:
        commit(conn, repo, add("a/b/c"))
        raise ZeroDivisionError
    with database.read() as conn:
        assert (tip(conn, repo), rows(conn)) == before


def test_main_moves_with_its_repository_s_row(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        oid = commit(conn, repo, add("README.md", b"---\nlicense: mit\n---\n"))
        row = conn.execute(sa.select(repositories)).one()
        assert (row.head_oid, row.card) == (oid, {"license": "mit"})
        commits.create_branch(conn, repo, make_account(conn), NewBranch("dev", oid))
        commit(conn, repo, add("README.md", b"---\nlicense: gpl-3.0\n---\n"), branch="dev")
        row = conn.execute(sa.select(repositories)).one()
        assert (row.head_oid, row.card) == (oid, {"license": "mit"})


def test_a_card_that_no_reader_could_use_is_refused(embedded: Database) -> None:
    with embedded.write() as conn:
        repo = make_repository(conn)
        with pytest.raises(BadCard):
            commit(conn, repo, add("README.md", b"---\nlicense: [\n---\n"))
        commit(conn, repo, add("docs/README.md", b"---\nlicense: [\n---\n"))


class TestLargeFiles:
    CONTENT = b"0123456789"
    SHA256 = sha256_hex(CONTENT)

    def test_a_pointer_takes_the_stored_size(self, database: Database) -> None:
        with database.write() as conn:
            repo = make_repository(conn)
            large_files.add_blob(conn, repo.id, Blob(self.SHA256, 10))
            commit(conn, repo, AddLarge("m.bin", self.SHA256, None))
            entry = file_at(conn, repo, "m.bin")
            assert entry.size_bytes == 10
            assert entry.etag == self.SHA256
            assert entry.large is not None and entry.large.pointer_bytes == 127

    def test_what_this_repository_was_not_given_cannot_be_committed(
        self, database: Database
    ) -> None:
        pointer = render_pointer(Pointer(self.SHA256, 10))
        with database.write() as conn:
            giver = make_repository(conn, "giver")
            large_files.add_blob(conn, giver.id, Blob(self.SHA256, 10))
            thief = make_repository(conn, "thief")
            for claim in (AddLarge("m.bin", self.SHA256, 10), add("m.bin", pointer)):
                with pytest.raises(NotUploaded, match=self.SHA256):
                    commit(conn, thief, claim)
            commit(conn, giver, add("m.bin", pointer))
            assert file_at(conn, giver, "m.bin").etag == self.SHA256

    @pytest.mark.parametrize("size_bytes", [0, 9, 11, 10**18])
    def test_a_wrong_size_is_refused(self, database: Database, size_bytes: int) -> None:
        pointer = render_pointer(Pointer(self.SHA256, size_bytes))
        with database.write() as conn:
            repo = make_repository(conn)
            large_files.add_blob(conn, repo.id, Blob(self.SHA256, 10))
            for claim in (AddLarge("m", self.SHA256, size_bytes), add("m", pointer)):
                with pytest.raises(BadInput, match="it has 10"):
                    commit(conn, repo, claim)


def test_squashing_keeps_the_files_and_forgets_the_history(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        old = commit(conn, repo, add("a", b"1"))
        commit(conn, repo, add("a", b"2"))
        refs.create_branch(conn, repo, "kept", old)
        new = commits.super_squash(conn, repo, "refs/heads/main", make_account(conn), "one")
        row = real_git.commit_row(conn, repo, new)
        assert (row.parents, row.height, row.message) == ("", 1, "one")
        assert paths(conn, repo) == ["a"]
        assert refs.resolve_revision(conn, repo, "kept") == old
        again = commits.super_squash(conn, repo, "refs/heads/main", make_account(conn), "one")
        assert tip(conn, repo) == again


def test_the_initial_commit_has_the_kind_s_attributes(embedded: Database) -> None:
    with embedded.write() as conn:
        texts = {}
        for kind in Kind:
            repo = make_repository(conn, "r", kind)
            entry = file_at(conn, repo, ".gitattributes")
            texts[kind] = entry.size_bytes
            row = real_git.commit_row(conn, repo, tip(conn, repo))
            assert (row.message, row.parents) == ("initial commit", "")
            assert isinstance(entry, FileEntry)
        assert texts[Kind.DATASET] > texts[Kind.MODEL] == texts[Kind.SPACE]
