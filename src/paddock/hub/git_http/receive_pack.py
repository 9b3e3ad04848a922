"""A push, from the pack to the report: looked at first, then kept and moved in one transaction.

Knows the order of things. What can be refused without the pack is refused before it is read; what
arrives is looked at in full before any of it is kept; then the repository is locked, everything
that could have changed meanwhile is decided again, and objects, commits and refs become visible
together. A kill anywhere leaves what was there before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import sqlalchemy as sa

from paddock.errors import PaddockError, TooLarge
from paddock.hub import access, lookup
from paddock.hub.catalogue import card
from paddock.hub.context import Hub
from paddock.hub.discussions import contributing
from paddock.hub.git import refs
from paddock.hub.git.moved import RefChange, refs_moved
from paddock.hub.git.objects import keep_held
from paddock.hub.git_http import arrivals, packing, push_rules, storing, tree_sizes
from paddock.hub.git_http.arrivals import Arrival, PushRefused
from paddock.hub.git_http.graph import CommitGraph
from paddock.hub.git_http.object_rows import ObjectRows
from paddock.hub.git_http.object_rules import BadObject
from paddock.hub.git_http.pack_bytes import BadPack
from paddock.hub.git_http.pack_cache import MAX_PACK_BYTES, MIN_OBJECTS, kept_from
from paddock.hub.git_http.pack_reading import Base, IncomingPack
from paddock.hub.git_http.push_report import Report
from paddock.hub.git_http.push_request import Command, PushRequest
from paddock.hub.git_http.push_rules import FORCE, RefRefused
from paddock.hub.large import large_files, usage
from paddock.hub.large.pointers import Pointer
from paddock.hub.names import RepositoryName
from paddock.hub.types import Account, Caller, Repository
from paddock.storage.blobs import BlobStore

MAX_OUTSIDER_BYTES = 128 << 20  # what somebody who is not a writer may push at once
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Pusher:
    """Who pushes where."""

    hub: Hub
    caller: Caller
    name: RepositoryName

    @property
    def account(self) -> Account:
        return access.require_user(self.caller)


class _NotAll(Exception):
    """An atomic push lost one of its refs while it waited."""


def receive(pusher: Pusher, request: PushRequest, body: IO[bytes]) -> Iterator[bytes]:
    """Carry out a push, whose pack is next in the body; the answer."""
    report = Report(request)
    with pusher.hub.database.read() as conn:
        repo = push_rules.open_for_push(conn, pusher.caller, pusher.name)
        _check_all(conn, pusher, repo, report)
    if report.accepted:
        try:
            _take(pusher, repo, report, body)
        except PaddockError as e:
            report.refuse_all(e, pack=isinstance(e, BadPack))
    return report.render()


def _check_all(conn: sa.Connection, pusher: Pusher, repo: Repository, report: Report) -> None:
    """The rules for each ref that is not refused yet."""
    taken = {ref.name for ref in refs.list_refs(conn, repo)}
    taken -= {command.ref for command in report.accepted if command.new is None}
    for command in report.accepted:
        try:
            push_rules.check_command(conn, pusher.caller, repo, command, taken)
        except PaddockError as e:
            report.refuse(command, e)
        else:
            if command.new is not None:
                taken.add(command.ref)
    if report.request.is_atomic and report.reasons:
        report.refuse_the_others()


def _take(pusher: Pusher, repo: Repository, report: Report, body: IO[bytes]) -> None:
    with tempfile.TemporaryFile() as spool:
        rows = ObjectRows(pusher.hub.database, repo.id)
        pack = None
        if report.request.has_pack:
            bases = base_finder(rows, pusher.hub.blobs)
            pack = IncomingPack(body, body.tell(), bases, spool)
        while True:
            push = _Push(pusher, repo, report, pack, rows)
            push.look()
            if not report.accepted:
                return
            try:
                with pusher.hub.database.write() as conn:
                    push.write(conn)
                push.keep_whole()
                return
            except _NotAll:  # what is left is looked at by itself, or nothing is
                continue


class _Push:
    """One try to carry out what is left of a push."""

    def __init__(
        self,
        pusher: Pusher,
        repo: Repository,
        report: Report,
        pack: IncomingPack | None,
        rows: ObjectRows,
    ) -> None:
        self._pusher, self._repo, self._report = pusher, repo, report
        self._pack, self._rows = pack, rows
        self._arrival = Arrival()
        self._stored: dict[bytes, str] = {}
        self._new_bytes = 0

    def look(self) -> None:
        """Everything that can be found out before anything is kept."""
        tips = [command.new for command in self._report.accepted if command.new]
        if self._pack is not None and tips:
            self._arrival = arrivals.look_at(self._pack, self._rows, tips)
            tree_sizes.check_sizes(self._rows, self._arrival.roots, self._arrival.folders)
            self._check_pointers()
            self._check_each()
            if self._report.accepted:
                self._check_quota()
                hub = self._pusher.hub
                self._stored = storing.store_larger(
                    self._pack, self._arrival, hub.database, hub.blobs
                )

    def write(self, conn: sa.Connection) -> None:
        """Keep it and move the refs; raises _NotAll when a ref was lost meanwhile."""
        repo = push_rules.open_for_push(conn, self._pusher.caller, self._pusher.name)
        lookup.lock_repository(conn, repo)
        repo = push_rules.open_for_push(conn, self._pusher.caller, self._pusher.name)
        before = len(self._report.reasons)
        if repo.id != self._repo.id:
            raise RefRefused("the repository was replaced while you pushed")
        _check_all(conn, self._pusher, repo, self._report)
        if len(self._report.reasons) > before:
            raise _NotAll
        arrival = self._arrival
        if self._pack is not None:
            self._keep(conn, repo, self._pack, arrival)
        changes = [self._move(conn, repo, command) for command in self._report.accepted]
        refs_moved(conn, repo, self._pusher.account, changes)

    def keep_whole(self) -> None:
        """A pack that has everything its tips lead to serves the clones that follow as it is."""
        if self._pack is None:
            return
        arrival, span = self._arrival, self._pack.span()
        if span is None or arrival.outside or arrival.object_count != span.object_count:
            return
        if span.object_count >= MIN_OBJECTS and span.end - span.start <= MAX_PACK_BYTES:
            tags = [oid.hex() for oid in arrival.tags]
            kept = kept_from(span, arrival.peeled.values(), tags, self._pack.index)
            if not packing.offer(self._pusher.hub, self._repo, kept):
                self._pusher.hub.packs.keep(self._repo.id, kept, by_offset=True)

    def _keep(
        self, conn: sa.Connection, repo: Repository, pack: IncomingPack, arrival: Arrival
    ) -> None:
        outside = sorted(oid.hex() for oid in arrival.outside)
        held = keep_held(conn, repo.id, outside)
        if gone := self._rows.unknown(set(outside) - held):
            raise BadObject(f"the push needs object {gone[0]}, which is not here any more")
        pointers = arrival.pointers
        large_files.keep(conn, repo.id, pointers)
        if missing := set(pointers) - large_files.present(conn, repo.id, pointers):
            raise _not_uploaded([pointers[sha256] for sha256 in missing])
        self._count_contribution(conn, repo)
        storing.write_arrival(conn, repo, pack, arrival, self._stored)
        storing.write_commits(conn, repo, arrival.commits, self._pusher.account)

    def _count_contribution(self, conn: sa.Connection, repo: Repository) -> None:
        """Bound what is pushed for pull requests by who may not write; one row a push."""
        caller, tips = self._pusher.caller, [c.new for c in self._report.accepted if c.new]
        if self._new_bytes and tips and contributing.is_outsider(conn, caller, repo):
            sizes, limit_bytes = {min(tips): self._new_bytes}, self._pusher.hub.pull_request_bytes
            user_id = self._pusher.account.id
            contributing.record_contribution(conn, repo.id, user_id, sizes, limit_bytes)

    def _move(self, conn: sa.Connection, repo: Repository, command: Command) -> RefChange:
        if command.new is None:
            refs.drop_ref(conn, repo, command.ref)
        else:
            ref = refs.Ref(command.ref, command.new, self._arrival.peeled[command.new])
            if not refs.move_ref(conn, repo, ref, expected=command.old):
                raise push_rules.RefMoved("somebody moved it since you fetched")
        return RefChange(command.ref, command.old, command.new)

    def _check_pointers(self) -> None:
        """A pointer names a large file that this repository was given, at its real size."""
        pointers = self._arrival.pointers
        with self._pusher.hub.database.read() as conn:
            held = large_files.present(conn, self._repo.id, pointers)
            stored = large_files.lookup(conn, held)
        if missing := [pointers[sha256] for sha256 in pointers if sha256 not in held]:
            raise _not_uploaded(missing)
        for sha256, row in stored.items():
            pointer, path = pointers[sha256]
            if pointer.size_bytes != row.size_bytes:
                raise BadObject(
                    f"{path!a} is said to have {pointer.size_bytes} bytes; it has {row.size_bytes}"
                )

    def _check_each(self) -> None:
        """What depends on the ref: the card of a branch, and that main moves forward."""
        for command in self._report.accepted:
            if command.new is None or command.ref.startswith(refs.TAGS):
                continue
            try:
                if self._arrival.peeled[command.new] != command.new:
                    raise RefRefused("a branch leads to a commit, not to a tag")
                self._check_card(command.new)
                if command.ref == refs.MAIN and command.old is not None:
                    self._check_forward(command.old, command.new)
            except PaddockError as e:
                self._report.refuse(command, e)
        if self._report.request.is_atomic and self._report.reasons:
            self._report.refuse_the_others()

    def _check_card(self, tip: str) -> None:
        content = arrivals.card_of(self._pack, self._arrival, tip) if self._pack else None
        if content is not None:
            card.check_card(content.decode("utf-8", "replace"), self._repo.kind)

    def _check_forward(self, old: str, new: str) -> None:
        if FORCE in self._report.request.options:
            return
        arrived, edge = self._arrival.reached_from(new)
        graph = CommitGraph(self._pusher.hub.database, self._repo.id)
        if old not in arrived and not graph.leads_to(graph.present(sorted(edge)), old):
            raise RefRefused(
                "main only moves forward",
                hint="merge or rebase first; to replace main's history, push with: "
                "git push --force -o force",
            )

    def _check_quota(self) -> None:
        """Before bytes are stored for nothing; what counts is decided in the transaction."""
        assert self._pack is not None  # noqa: S101
        sizes = {blob.oid.hex(): self._pack.size_of(blob.oid) for blob in self._arrival.blobs}
        new = self._rows.unknown(set(sizes))
        more_bytes = sum(sizes[oid] for oid in new)
        arrival = self._arrival  # folders and commits are free for an owner, not for anybody
        others = [*arrival.folders, *map(bytes.fromhex, arrival.commits), *set(arrival.tags)]
        self._new_bytes = more_bytes + sum(map(self._pack.size_of, others))
        with self._pusher.hub.database.read() as conn:
            usage.check_quota(conn, self._repo.namespace_id, more_bytes)
            is_outsider = contributing.is_outsider(conn, self._pusher.caller, self._repo)
        if is_outsider and self._new_bytes > MAX_OUTSIDER_BYTES:
            raise TooLarge(
                f"{self._new_bytes} bytes are more than the {MAX_OUTSIDER_BYTES} that one may push "
                "to a repository of somebody else"
            )


def base_finder(
    rows: ObjectRows, blobs: BlobStore
) -> Callable[[list[str]], Iterator[tuple[str, Base]]]:
    """Where deltas find objects of the repository."""

    def find(oids: list[str]) -> Iterator[tuple[str, Base]]:
        for row in rows.read(sorted(rows.facts(oids))):
            content = row.content
            if content is None:
                content = b"".join(blobs.read(row.blob_sha256 or ""))
            yield row.oid, Base(row.type, content)

    return find


def _not_uploaded(missing: Sequence[tuple[Pointer, str]]) -> PushRefused:
    told = [f"  {path} (oid {pointer.sha256})" for pointer, path in missing[:_MOST_TOLD]]
    if more := len(missing) - len(told):
        told.append(f"  and {more} more")
    pointer, path = missing[0]
    return PushRefused(
        f"{path!a} is a pointer to large file {pointer.sha256}, which was not uploaded here",
        [
            "These git-lfs pointers name files that this repository was never given:",
            *told,
            "Upload them, then push again:",
            "  git lfs push --all origin",
        ],
    )
