"""What a check of the store finds wrong: one sentence each, whom it concerns, what became of it.

Values, and a list of them that does not grow without bound: everything is counted, and the first
``MAX_TOLD`` are told in detail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

MAX_TOLD = 10_000
MAX_CONCERNS = 20


class Fault(StrEnum):
    """What is wrong."""

    BLOB_MISSING = "blob_missing"  # a row names it, and it is not there
    BLOB_DAMAGED = "blob_damaged"  # other bytes than its name says
    XORB_TABLE = "xorb_table"  # what its row says of its chunks is not so
    XORB_DAMAGED = "xorb_damaged"  # its frames are not its chunks
    CHUNK_INDEX = "chunk_index"  # a row of the index is wrong or missing
    FILE_TERMS = "file_terms"  # a Xet file's row does not describe a file
    FILE_DAMAGED = "file_damaged"  # its bytes have another digest
    FILE_LINKS = "file_links"  # the rows that keep its xorbs are wrong
    FILE_NOWHERE = "file_nowhere"  # a large file's bytes are neither a blob nor a Xet file
    GIT_OBJECT_DAMAGED = "git_object_damaged"
    GIT_OBJECT_MISSING = "git_object_missing"  # an object that another one names is not there


class Concern(NamedTuple):
    """A file that something belongs to; without a path, only older commits have it."""

    repository: str  # "anna/model", "datasets/anna/data"; or an account's name
    path: str | None


class Concerns(NamedTuple):
    """The first few, and how many there are."""

    some: tuple[Concern, ...] = ()
    total: int = 0


NO_CONCERNS = Concerns()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was wrong; ``repaired`` says how it was mended, None that it was not."""

    fault: Fault
    name: str
    told: str
    repaired: str | None = None
    concerns: Concerns = NO_CONCERNS

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        told = {"fault": str(self.fault), "name": self.name, "message": self.told}
        concerns = [one._asdict() for one in self.concerns.some]
        counted = {"concerns": concerns, "concerns_count": self.concerns.total}
        return {**told, "repaired": self.repaired, **counted}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Finding:
        """What ``to_dict`` wrote."""
        concerns = tuple(Concern(**one) for one in told["concerns"])
        fault, repaired = Fault(told["fault"]), told["repaired"]
        counted = Concerns(concerns, told["concerns_count"])
        return cls(fault, told["name"], told["message"], repaired, counted)

    @property
    def text(self) -> str:
        """For people: a line, and one for each file that it concerns."""
        outcome = f"repaired: {self.repaired}" if self.repaired else "NOT REPAIRED"
        lines = [f"{self.fault} {self.name}: {self.told} ({outcome})"]
        lines += [f"    {one.repository}  {one.path or '-'}" for one in self.concerns.some]
        more = self.concerns.total - len(self.concerns.some)
        return "\n".join([*lines, f"    and {more} more"] if more else lines)


@dataclass(slots=True)
class Findings:
    """All findings of a check so far, and how much was looked at."""

    told: list[Finding] = field(default_factory=list)
    found: int = 0
    repaired: int = 0
    checked: Counter[str] = field(default_factory=Counter)
    _broken: set[str] = field(default_factory=set)  # names of what is told and not repaired

    def __post_init__(self) -> None:
        self._broken.update(one.name for one in self.told if one.repaired is None)

    def add(self, finding: Finding) -> None:
        """One more."""
        self.found += 1
        self.repaired += finding.repaired is not None
        if len(self.told) < MAX_TOLD:
            self.told.append(finding)
            if finding.repaired is None:
                self._broken.add(finding.name)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong any more."""
        return self.found == self.repaired

    def is_broken(self, name: str) -> bool:
        """Whether this was found and could not be repaired, as far as is told in detail."""
        return name in self._broken

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "found": self.found,
            "repaired": self.repaired,
            "checked": dict(self.checked),
            "problems": [one.to_dict() for one in self.told],
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Findings:
        """What ``to_dict`` wrote."""
        problems = [Finding.from_dict(one) for one in told["problems"]]
        return cls(problems, told["found"], told["repaired"], Counter(told["checked"]))
