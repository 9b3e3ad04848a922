"""What a push brings: everything that its refs lead to, looked at once, before any of it is kept.

Knows packs and what the repository holds; changes nothing. Whatever a ref leads to must be in the
pack or here already, be as git writes it (``object_rules``), and be what the hub takes: no plain
file of more than 10 MB, no pointer to a large file that the repository was not given. Objects that
no ref of the push leads to are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from paddock.errors import BadInput, PaddockError, TooLarge, shown
from paddock.front_matter import CARD_NAME
from paddock.hub.git.objects import ObjectType
from paddock.hub.git.trees import FOLDER_MODE, SUBMODULE_MODE
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.object_rules import (
    BadObject,
    ParsedCommit,
    TreeRules,
    parse_commit,
    parse_tag,
)
from paddock.hub.git_http.pack_reading import IncomingPack
from paddock.hub.git_http.tree_sizes import Folder
from paddock.hub.large.pointers import MAX_POINTER_BYTES, Pointer, parse_pointer

MAX_FILE_BYTES = 10 << 20  # as in a commit over the API
_MOST_TOLD = 20
_OUTSIDE_TOGETHER = 5000
_MAX_TAG_CHAIN = 64


class PushRefused(BadInput):
    """What a push brings is not taken; ``lines`` tell a person each offence and the way out."""

    code = "push_refused"
    status = 403

    def __init__(self, message: str, lines: Iterable[str]) -> None:
        super().__init__(message)
        self.lines = list(lines)


class Blob(NamedTuple):
    """A file and the first path at which it was met."""

    oid: bytes
    path: str
    pointer: Pointer | None


@dataclass(slots=True)
class Arrival:
    """Everything in the pack that the refs lead to, and what it builds on."""

    commits: dict[str, ParsedCommit] = field(default_factory=dict)
    tags: list[bytes] = field(default_factory=list)
    folders: dict[bytes, Folder] = field(default_factory=dict)
    blobs: list[Blob] = field(default_factory=list)
    outside: dict[bytes, int] = field(default_factory=dict)  # id -> the type it must have
    peeled: dict[str, str] = field(default_factory=dict)  # tip -> the commit it leads to
    roots: list[str] = field(default_factory=list)

    @property
    def pointers(self) -> dict[str, tuple[Pointer, str]]:
        """Large files named, by SHA-256, with a path each."""
        return {b.pointer.sha256: (b.pointer, b.path) for b in self.blobs if b.pointer}

    @property
    def object_count(self) -> int:
        tags = len(set(self.tags))
        return len(self.commits) + tags + len(self.folders) + len(self.blobs)

    def reached_from(self, tip: str) -> tuple[set[str], set[str]]:
        """Arrived commits that lead to a tip, and those here before on which they build."""
        arrived, edge, waiting = set(), set(), [tip]
        while waiting:
            oid = waiting.pop()
            if oid in arrived or oid in edge:
                continue
            if commit := self.commits.get(oid):
                arrived.add(oid)
                waiting += commit.parents
            else:
                edge.add(oid)
        return arrived, edge


def look_at(pack: IncomingPack, rows: ObjectRows, tips: Iterable[str]) -> Arrival:
    """What the tips lead to; raises BadObject, BadPath, PushRefused."""
    look = _Look(pack, rows)
    for tip in tips:
        look.peel(tip)
    look.follow_commits()
    look.follow_trees()
    look.check_sizes()
    look.check_outside()
    return look.found


class _Look:
    """One walk over a pack."""

    def __init__(self, pack: IncomingPack, rows: ObjectRows) -> None:
        self._pack, self._rows = pack, rows
        self._rules = TreeRules()
        self._commits: list[str] = []
        self._seen_blobs: set[bytes] = set()
        self._too_large: list[tuple[str, int]] = []
        self.found = Arrival()

    def peel(self, tip: str) -> None:
        """Follow a tag to its commit; a ref that leads to anything else is refused."""
        oid = tip
        for _ in range(_MAX_TAG_CHAIN):
            raw = bytes.fromhex(oid)
            type_ = self._type_of(raw)
            if type_ == ObjectType.COMMIT:
                self.found.peeled[tip] = oid
                self._commits.append(oid)
                return
            if type_ != ObjectType.TAG:
                raise BadObject("a ref must lead to a commit, directly or by an annotated tag")
            if raw in self._pack:
                self.found.tags.append(raw)
            else:
                self.found.outside[raw] = ObjectType.TAG
            oid = parse_tag(self._content_anywhere(raw)).target
        raise BadObject(f"a tag names a tag, {_MAX_TAG_CHAIN} times over")

    def follow_commits(self) -> None:
        while self._commits:
            oid = self._commits.pop()
            raw = bytes.fromhex(oid)
            if oid in self.found.commits or not self._is_arriving(raw, ObjectType.COMMIT):
                continue
            commit = self.found.commits[oid] = parse_commit(self._pack.content(raw))
            self._commits += commit.parents
            self.found.roots.append(commit.tree)

    def follow_trees(self) -> None:
        jobs = [(bytes.fromhex(oid), "") for oid in reversed(self.found.roots)]
        while jobs:
            oid, path = jobs.pop()
            if oid in self.found.folders or not self._is_arriving(oid, ObjectType.TREE):
                continue
            try:
                jobs += self._look_into(oid, path)
            except PaddockError as e:
                if not path or f"in {shown(path)}:" in e.message:
                    raise
                raise type(e)(f"in {shown(path)}: {e.message}", hint=e.hint) from e

    def _look_into(self, oid: bytes, path: str) -> Iterator[tuple[bytes, str]]:
        listing = self._rules.list(self._pack.content(oid))
        self.found.folders[oid] = Folder(listing.folders, listing.files, listing.longest_name)
        # What another version of the folder had in the same way was looked at with that one.
        for entry in listing.new:
            if entry.mode == FOLDER_MODE:
                yield entry.oid, f"{path}{entry.name.decode()}/"
            elif entry.mode != SUBMODULE_MODE and entry.oid not in self._seen_blobs:
                self._seen_blobs.add(entry.oid)
                if self._is_arriving(entry.oid, ObjectType.BLOB):
                    self._look_at_file(entry.oid, path + entry.name.decode())

    def _look_at_file(self, oid: bytes, path: str) -> None:
        size = self._pack.size_of(oid)
        if size > MAX_FILE_BYTES:
            self._too_large.append((path, size))
            return
        pointer = parse_pointer(self._pack.content(oid)) if size <= MAX_POINTER_BYTES else None
        self.found.blobs.append(Blob(oid, path, pointer))

    def _is_arriving(self, oid: bytes, type_: int) -> bool:
        """Whether to look at the object: it is in the pack, and what it should be."""
        if oid not in self._pack:
            if self.found.outside.setdefault(oid, type_) != type_:
                raise _wrong_type(oid)
            return False
        if self._pack.type_of(oid) != type_:
            raise _wrong_type(oid)
        if type_ != ObjectType.BLOB and self._pack.size_of(oid) > MAX_FILE_BYTES:
            raise TooLarge(f"git object {oid.hex()} has {self._pack.size_of(oid)} bytes")
        return True

    def check_outside(self) -> None:
        """What the pack builds on must be here."""
        wanted = list(self.found.outside)
        for start in range(0, len(wanted), _OUTSIDE_TOGETHER):
            some = wanted[start : start + _OUTSIDE_TOGETHER]
            facts = self._rows.facts([oid.hex() for oid in some])
            for oid in some:
                known = facts.get(oid.hex())
                if known is None:
                    if self._pack.too_large:  # it may be one that was not made
                        self._too_large.append(("a file", max(self._pack.too_large)))
                        self.check_sizes()
                    raise BadObject(f"the push needs object {oid.hex()}, which is not here")
                if known.type != self.found.outside[oid]:
                    raise _wrong_type(oid)

    def check_sizes(self) -> None:
        if not self._too_large:
            return
        told = [f"{path}: {size} bytes" for path, size in self._too_large[:_MOST_TOLD]]
        if more := len(self._too_large) - len(told):
            told.append(f"and {more} more")
        path, size = self._too_large[0]
        raise PushRefused(
            f"{shown(path)} has {size} bytes; files over {MAX_FILE_BYTES} bytes need git-lfs",
            [
                "These files are too large to be kept in git:",
                *(f"  {line}" for line in told),
                "Keep them with git-lfs (https://git-lfs.com), in all commits that you push:",
                "  git lfs install",
                f"  git lfs migrate import --include={_quoted(path)}",
            ],
        )

    def _type_of(self, oid: bytes) -> int:
        if oid in self._pack:
            return self._pack.type_of(oid)
        facts = self._rows.facts([oid.hex()]).get(oid.hex())
        if facts is None:
            raise BadObject(f"the push needs object {oid.hex()}, which is not here")
        return facts.type

    def _content_anywhere(self, oid: bytes) -> bytes:
        if oid in self._pack:
            return self._pack.content(oid)
        return next(self._rows.read([oid.hex()])).content or b""


def card_of(pack: IncomingPack, arrival: Arrival, tip: str) -> bytes | None:
    """The README of a tip, if it arrives with the push; None also for a pointer."""
    commit = arrival.commits.get(arrival.peeled.get(tip, ""))
    root = bytes.fromhex(commit.tree) if commit else b""
    if root not in pack:
        return None
    for entry in TreeRules().parse(pack.content(root)):
        is_card = entry.name == CARD_NAME.encode() and entry.oid in pack
        if is_card and pack.type_of(entry.oid) == ObjectType.BLOB:
            content = pack.content(entry.oid)
            return None if parse_pointer(content) else content
    return None


def _wrong_type(oid: bytes) -> BadObject:
    return BadObject(f"object {oid.hex()} is used as something that it is not")


def _quoted(path: str) -> str:
    return "'" + path.encode("ascii", "replace").decode().replace("'", "") + "'"
