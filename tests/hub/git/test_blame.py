"""Who wrote which line, and which commits changed a path: held against git, merges and all."""

from __future__ import annotations

import random
import subprocess
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.git import blame as blaming
from paddock.hub.git import commits, files, path_history, refs
from paddock.hub.git.blame import Blame, blame
from paddock.hub.git.commit_objects import NewCommit
from paddock.hub.git.objects import read_object
from paddock.hub.git.operations import Delete, Operation
from paddock.hub.git.path_history import list_changes
from paddock.hub.git.staging import stage
from paddock.hub.types import Repository
from paddock.storage.database import Database
from paddock.storage.local_blobs import LocalBlobStore
from tests.databases import sqlite_url
from tests.hub import real_git
from tests.hub.samples import add, commit, make_account, make_repository, tip

PATH = "src/text.txt"
RENAMING_HISTORIES = 4


def merge(
    conn: sa.Connection, repo: Repository, parents: list[str], content: bytes, path: str = PATH
) -> str:
    """A commit of several parents on main, which has this at the path."""
    author = make_account(conn)
    tree = stage(conn, repo, files.tree_oid_of(conn, repo, parents[0]), [add(path, content)])
    new = NewCommit(tree, tuple(parents), author, clock.now(), f"merge {len(content)}")
    main = refs.find_ref(conn, repo, refs.MAIN)
    assert main is not None
    return commits.commit_tree(conn, repo, main, new)


def read_text(conn: sa.Connection, repo: Repository, oid: str) -> bytes | None:
    stored = read_object(conn, repo.id, oid)
    return stored.content if stored is not None else None


def ours(conn: sa.Connection, repo: Repository, oid: str, path: str = PATH) -> Blame:
    found = blame(conn, repo, oid, path, partial(read_text, conn, repo))
    assert found is not None
    return found


def commits_of(found: Blame) -> list[str]:
    return [origin.commit_oid for origin in found.origins]


def git_blame(folder: Path, path: str = PATH) -> list[tuple[str, str]]:
    """For each line the commit, and the path that the file had there."""
    command = ["git", "blame", "--line-porcelain", "main", "--", path]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    lines = done.stdout.decode().split("\n")
    found, oid, was = [], "", ""
    for before, line in zip(["\t", *lines], lines, strict=False):
        if before.startswith("\t") and line:
            oid = line.split()[0]
        elif line.startswith("filename "):
            was = line.removeprefix("filename ")
        elif line.startswith("\t"):
            found.append((oid, was))
    return found


class Writer:
    """Changes a text at random; no two lines are ever the same, so a diff has one reading."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def new_lines(self, most: int) -> list[bytes]:
        lines = []
        for _ in range(self.random.randint(0, most)):
            self.count += 1
            lines.append(b"line %d\n" % self.count)
        return lines

    def change(self, lines: list[bytes]) -> list[bytes]:
        at = self.random.randint(0, len(lines))
        until = min(len(lines), at + self.random.randint(0, 3))
        return [*lines[:at], *self.new_lines(4), *lines[until:]]


def grow(conn: sa.Connection, repo: Repository, writer: Writer, steps: int) -> str:
    """A history with commits beside the path, branches that are merged, and deletions."""
    lines = [*writer.new_lines(12), b"one\n"]
    head = commit(conn, repo, add(PATH, b"".join(lines)))
    for step in range(steps):
        match writer.random.randint(0, 5):
            case 0:
                head = commit(conn, repo, add(f"other{step}"))
            case 1:
                left, right = writer.change(lines), lines + writer.new_lines(3)
                name = f"b{step}"
                refs.create_branch(conn, repo, name, head)
                side = commit(conn, repo, add(PATH, b"".join(right)), branch=name)
                main = commit(conn, repo, add(PATH, b"".join(left)))
                lines = left + right[len(lines) :]
                head = merge(conn, repo, [main, side], b"".join(lines))
            case 2 if step % 4 == 0:
                commit(conn, repo, Delete(PATH))
                lines = writer.change(lines) or [b"again\n"]
                head = commit(conn, repo, add(PATH, b"".join(lines)))
            case _:
                lines = writer.change(lines)
                head = commit(conn, repo, add(PATH, b"".join(lines)), message=f"step {step}")
    return head


@pytest.mark.parametrize("seed", range(4))
def test_every_line_and_every_change_is_git_s(seed: int, tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    with database.write() as conn:
        repo = make_repository(conn)
        head = grow(conn, repo, Writer(seed), 25)
        found = ours(conn, repo, head)
        changes = list_changes(conn, repo, head, PATH, limit=1000)
        exported = real_git.export(conn, LocalBlobStore(tmp_path / "b"), repo, tmp_path / "git")
    database.dispose()
    assert found.origins == git_blame(exported)
    assert found.is_complete and changes.is_complete
    theirs = real_git.git(exported, "log", "--format=%H", "main", "--", PATH).split()
    assert len(changes.oids) == len(theirs)
    assert set(changes.oids) == set(theirs)


class Renamer:
    """A history in which a text gets other paths, while others come and go beside it."""

    NAMES = ("a.txt", "b.txt", "in/a.txt", "in/b.txt", "in/deep/a.txt", "c.md")

    def __init__(self, conn: sa.Connection, repo: Repository, seed: int) -> None:
        self.conn, self.repo, self.writer = conn, repo, Writer(seed)
        self.random = self.writer.random
        self.path = "a.txt"
        lines = [line for _ in range(4) for line in self.writer.new_lines(6)]
        self.files: dict[str, list[bytes]] = {self.path: lines or [b"begun\n"]}
        self.put(add(self.path, self.text(self.path)))

    def text(self, path: str) -> bytes:
        return b"".join(self.files[path])

    def put(self, *operations: Operation) -> None:
        self.head = commit(self.conn, self.repo, *operations)

    def step(self) -> None:
        match self.random.randint(0, 5):
            case 0 | 1:
                self.files[self.path] = self.writer.change(self.files[self.path]) or [b"x\n"]
                self.put(add(self.path, self.text(self.path)))
            case 2:
                self.decoy()
            case 3:
                self.merge()
            case _:
                self.rename()

    def decoy(self) -> None:
        """Another file, which has much in common with the text, or nothing."""
        path = self.random.choice(self.NAMES)
        if path not in self.files:
            there = self.files[self.path]
            some = there[: self.random.randint(0, len(there))]
            self.files[path] = [*some, *self.writer.new_lines(4), b"decoy %d\n" % len(there)]
            self.put(add(path, self.text(path)))

    def rename(self) -> None:
        """To another path, changed or not, often while other files go."""
        free = [name for name in self.NAMES if name not in self.files]
        if not free:
            return
        lines = self.files.pop(self.path)
        gone = [self.path]
        for other in list(self.files):
            if self.random.random() < 0.5:
                del self.files[other]
                gone.append(other)
        for _ in range(self.random.choice([0, 0, 1, 3])):
            lines = self.writer.change(lines) or [b"left\n"]
        self.path = self.random.choice(free)
        self.files[self.path] = lines
        self.put(*map(Delete, gone), add(self.path, self.text(self.path)))

    def merge(self) -> None:
        """Of a branch that goes on under the old path into a main that renamed the text."""
        begun, name = self.head, f"side{self.random.random()}"
        refs.create_branch(self.conn, self.repo, name, begun)
        longer = [
            *self.files[self.path],
            *self.writer.new_lines(3),
            b"of side %s\n" % name.encode(),
        ]
        side = commit(self.conn, self.repo, add(self.path, b"".join(longer)), branch=name)
        self.rename()
        if self.head != begun:
            self.files[self.path] = self.files[self.path] + longer[-1:]
            whole = self.text(self.path)
            self.head = merge(self.conn, self.repo, [self.head, side], whole, self.path)


@pytest.mark.parametrize("seed", range(RENAMING_HISTORIES))
def test_renames_are_followed_as_git_follows_them(seed: int, tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path))
    with database.write() as conn:
        repo = make_repository(conn)
        renamer = Renamer(conn, repo, seed)
        for _ in range(30):
            renamer.step()
        found = ours(conn, repo, renamer.head, renamer.path)
        exported = real_git.export(conn, LocalBlobStore(tmp_path / "b"), repo, tmp_path / "git")
    database.dispose()
    assert found.origins == git_blame(exported, renamer.path)
    assert found.is_complete


def test_what_was_deleted_and_what_never_was(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        begun = commit(conn, repo, add(PATH, b"1\n"))
        commit(conn, repo, add("other"))
        gone = commit(conn, repo, Delete(PATH))
        head = commit(conn, repo, add("last"))
        assert list_changes(conn, repo, head, PATH, limit=9).oids == [gone, begun]
        assert list_changes(conn, repo, head, PATH, limit=1).oids == [gone]
        assert list_changes(conn, repo, head, "src", limit=9).oids == [gone, begun]
        assert list_changes(conn, repo, head, "none", limit=9) == ([], True)
        assert blame(conn, repo, head, PATH, lambda oid: b"") is None


def test_bounds_are_kept_and_said(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        oids = [commit(conn, repo, add(PATH, b"x\n" * (n + 1))) for n in range(6)]
        assert commits_of(ours(conn, repo, oids[-1])) == oids
        monkeypatch.setattr(blaming, "MAX_TEXTS", 2)
        few = ours(conn, repo, oids[-1])
        assert not few.is_complete
        assert commits_of(few) == [oids[3]] * 4 + oids[4:]
        monkeypatch.setattr(blaming, "MAX_TEXTS", 1000)
        monkeypatch.setattr(path_history, "MAX_WALK", 3)
        walked = ours(conn, repo, oids[-1])
        assert not walked.is_complete
        assert commits_of(walked) == [oids[3]] * 4 + oids[4:]
        assert not list_changes(conn, repo, tip(conn, repo), PATH, limit=9).is_complete
        monkeypatch.setattr(blaming, "MAX_LINES", 5)
        assert blame(conn, repo, oids[-1], PATH, lambda oid: b"x\n" * 6) is None


def test_binary_texts_before_a_text_are_nobody_s_lines(database: Database) -> None:
    with database.write() as conn:
        repo = make_repository(conn)
        commit(conn, repo, add(PATH, b"\0binary"))
        head = commit(conn, repo, add(PATH, b"now\ntext\n"))

        def read(oid: str) -> bytes | None:
            text = read_text(conn, repo, oid)
            return None if text is None or b"\0" in text else text

        found = blame(conn, repo, head, PATH, read)
        assert found is not None
        assert commits_of(found) == [head, head]
