"""Whether a chain of entries is whole: every link, every field, every erasure, every checkpoint.

Pure. Takes entries from a database or from a file alike, and reads them twice: first what was
erased on purpose, then everything. Fails closed: what cannot be explained is a problem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.entries import FIRST, Entry, hash_of, seal

MAX_PROBLEMS = 100


class Checkpoint(NamedTuple):
    """What the chain's end was at a moment; its signature was checked by whoever gives it."""

    seq: int
    hash: str


class Problem(NamedTuple):
    """Something that an honest log does not have."""

    seq: int
    sentence: str


@dataclass(slots=True)
class Judgement:
    """What was found."""

    entries: int = 0
    first_seq: int | None = None
    last_seq: int | None = None
    last_hash: str | None = None
    erased_fields: int = 0
    checkpoints: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.problems

    def complain(self, seq: int, sentence: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(seq, sentence))


@dataclass(frozen=True, slots=True)
class Erasure:
    """An entry that says what was erased before it: which fields, up to where, of whom."""

    up_to: int
    names: frozenset[str]
    account_id: int | None  # None: of everybody

    def explains(self, entry: Entry, name: str) -> bool:
        of_them = self.account_id is None or self.account_id in (entry.actor_id, entry.account_id)
        return entry.seq <= self.up_to and name in self.names and of_them


class _Told(NamedTuple):
    erasures: list[Erasure]
    cuts: set[tuple[int, str]]  # the first number that was kept, and the hash before it


def judge(
    read: Callable[[], Iterable[Entry]],
    checkpoints: Sequence[Checkpoint],
    *,
    start: int | None = None,
) -> Judgement:
    """Read the entries twice, in their order; ``start`` is where a part of a log begins."""
    told = _what_was_erased(read())
    found, expected = Judgement(checkpoints=len(checkpoints)), {c.seq: c.hash for c in checkpoints}
    before: Entry | None = None
    for entry in read():
        _judge_link(found, entry, before, told, start)
        _judge_fields(found, entry, told.erasures)
        if expected.get(entry.seq, entry.hash) != entry.hash:
            found.complain(entry.seq, "is not the entry that a checkpoint was signed for")
        found.entries += 1
        before = entry
    if before is not None:
        found.last_seq, found.last_hash = before.seq, before.hash
    end = before.seq if before else (start or 1) - 1
    for seq in sorted(seq for seq in expected if seq > end):
        found.complain(seq, "is missing at the end: a checkpoint was signed for it")
    return found


def _what_was_erased(entries: Iterable[Entry]) -> _Told:
    told = _Told([], set())
    for entry in entries:
        try:
            if entry.act == Act.LOG_ERASE:
                told.erasures.append(_erasure(entry.fields))
            elif entry.act == Act.LOG_CUT:
                told.cuts.add((int(entry.fields["kept_from"]), str(entry.fields["hash_before"])))
        except (KeyError, TypeError, ValueError):
            continue  # it explains nothing then; what it says badly is judged with its seals
    return told


def _erasure(fields: Any) -> Erasure:
    of, names = fields.get("of"), frozenset(fields["names"])
    return Erasure(int(fields["up_to"]), names, None if of is None else int(of))


def _judge_link(
    found: Judgement, entry: Entry, before: Entry | None, told: _Told, start: int | None
) -> None:
    if hash_of(entry) != entry.hash:
        found.complain(entry.seq, "was changed: its hash is another one")
    if before is not None:
        if entry.seq != before.seq + 1:
            found.complain(entry.seq, f"follows number {before.seq}: entries between are missing")
        elif entry.previous != before.hash:
            found.complain(entry.seq, "does not follow the entry before it")
        return
    found.first_seq = entry.seq
    is_first = entry.seq == 1 and entry.previous == FIRST
    is_asked = start is not None and entry.seq == start
    if not (is_first or is_asked or (entry.seq, entry.previous) in told.cuts):
        found.complain(entry.seq, "is the first, and no entry says that those before it went")


def _judge_fields(found: Judgement, entry: Entry, erasures: Sequence[Erasure]) -> None:
    for name, value in entry.fields.items():
        salt = entry.salts.get(name)
        if salt is None or name not in entry.seals:
            found.complain(entry.seq, f"has a field that it never had: {name[:60]}")
        elif seal(salt, name, value) != entry.seals[name]:
            found.complain(entry.seq, f"was changed: {name[:60]} is another one")
    for name in entry.erased:
        found.erased_fields += 1
        if not any(erasure.explains(entry, name) for erasure in erasures):
            found.complain(entry.seq, f"lost {name[:60]}, and no entry says that it was erased")
