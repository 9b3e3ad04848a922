"""Files of a revision: folders, pages and paths, held against git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock.errors import BadInput, TooLarge
from paddock.hub.errors import BadPath, EntryNotFound
from paddock.hub.git import files
from paddock.hub.git.files import PageRequest
from paddock.hub.git.objects import make_stored_blob
from paddock.hub.git.operations import AddFile
from paddock.hub.types import FileEntry, FolderEntry
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub import real_git
from tests.hub.samples import add, commit, commit_files, file_at, make_repository, tip


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Database]:
    opened = Database(sqlite_url(tmp_path))
    yield opened
    opened.dispose()


TREE = {
    "README.md": b"# Hi",
    "a.b": b"1",
    "a/b": b"22",
    "a/c/d": b"333",
    "a/c/e": b"",
    "a0": b"4444",
    "é": b"5",
}


def test_a_listing_is_in_git_s_order_with_sizes(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        oid = commit_files(conn, repo, TREE)
        recursive = files.list_folder(conn, repo, oid, "", recursive=True)
        names = [entry.path for entry in recursive]
        assert names == [
            ".gitattributes", "README.md", "a.b", "a", "a/b", "a/c", "a/c/d", "a/c/e", "a0", "é",
        ]  # fmt: skip
        sizes = {e.path: e.size_bytes for e in recursive if isinstance(e, FileEntry)}
        assert {path: sizes[path] for path in TREE} == {p: len(c) for p, c in TREE.items()}
        flat = files.list_folder(conn, repo, oid, "a", recursive=False)
        assert [type(entry) for entry in flat] == [FileEntry, FolderEntry]
        assert [entry.path for entry in flat] == ["a/b", "a/c"]


def test_what_is_no_folder_cannot_be_listed(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        oid = commit_files(conn, repo, TREE)
        for path in ("none", "README.md", "a/none", "README.md/x", "a//c", "a/c/d/e"):
            with pytest.raises(EntryNotFound) as caught:
                files.list_folder(conn, repo, oid, path, recursive=True)
            assert caught.value.commit_oid == oid


def test_paths_are_looked_up_together(database: Database) -> None:
    asked = ["a/c/e", "a", "", "none", "a/none/x", "README.md", "README.md/x", "a/c/e", "/", "a/"]
    with database.write() as conn:
        repo = make_repository(conn)
        oid = commit_files(conn, repo, TREE)
        found = files.entries_at(conn, repo, oid, asked)
        assert list(found) == ["a/c/e", "a", "", "README.md"]
        assert isinstance(found[""], FolderEntry)
        assert files.entry_at(conn, repo, oid, "none") is None


def test_a_small_file_is_read_from_its_row_or_the_blob_store(
    database: Database, blobs: LocalBlobStore
) -> None:
    large = b"t" * 100_000
    with blobs.begin() as writer:
        writer.write(large)
        stored = make_stored_blob(large, writer.commit().sha256)
    with database.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add("small", b"s"), AddFile("large", stored))
        small_entry, large_entry = file_at(conn, repo, "small"), file_at(conn, repo, "large")
        assert files.read_small_file(conn, blobs, repo, small_entry, 1) == b"s"
        assert files.read_small_file(conn, blobs, repo, large_entry, 100_000) == large
        with pytest.raises(TooLarge):
            files.read_small_file(conn, blobs, repo, large_entry, 99_999)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(
        st.lists(st.sampled_from(["a", "b", "a.b", "é", "z"]), min_size=1, max_size=4).map(
            "/".join
        ),
        max_size=20,
    ),
    limit=st.integers(1, 5),
    recursive=st.booleans(),
)
def test_pages_laid_together_are_the_listing_and_git_s_own(
    paths: list[str], limit: int, recursive: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("pages")
    database = Database(sqlite_url(folder))
    with database.write() as conn:
        repo = make_repository(conn)
        for path in paths:
            try:
                commit(conn, repo, add(path, path.encode()))
            except BadPath:
                continue  # it is a folder, or is under a file
        oid = tip(conn, repo)
        whole = files.list_folder(conn, repo, oid, "", recursive=recursive)
        pages, after = [], None
        while True:
            page = files.list_page(conn, repo, oid, "", PageRequest(recursive, limit, after))
            assert len(page.entries) <= limit
            pages += page.entries
            after = page.next_after
            if after is None:
                break
        exported = real_git.export(conn, LocalBlobStore(folder / "blobs"), repo, folder / "git")
    database.dispose()
    assert pages == whole
    flags = ["-r", "-t"] if recursive else []
    printed = real_git.git(exported, "ls-tree", "-z", *flags, "main").split("\0")[:-1]
    theirs = [(line.split("\t")[1], line.split()[2]) for line in printed]
    assert [(entry.path, entry.oid) for entry in whole] == theirs


def test_a_cursor_from_elsewhere_is_refused(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        oid = commit_files(conn, repo, TREE)
        for after in ("none", "a/none", "", "zzz"):
            with pytest.raises(BadInput, match="cursor"):
                files.list_page(conn, repo, oid, "", PageRequest(True, 10, after))


def test_asking_for_impossible_paths_costs_nothing(embedded: Database) -> None:
    """A question's paths come from strangers: their length must not be squared."""
    with embedded.write() as conn:
        repo = make_repository(conn)
        oid = commit_files(conn, repo, TREE)
        asked = ["a/" * 4_000_000, "/" * 4_000_000, "a/c/d"]
        assert list(files.entries_at(conn, repo, oid, asked)) == ["a/c/d"]
