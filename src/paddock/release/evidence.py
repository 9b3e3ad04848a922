"""A condition of a release, whether it is met, and what shows it.

Pure data, shared by everybody who judges: the plan, the licences, the leak check, the gate, the
verifier. A condition has a stable id (waivers and policies name it), belongs to one group, and
never passes for want of an answer: what could not be decided is ``undecided``, which is not met.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Group = Literal[
    "integrity", "formats", "secrets", "withholding", "licence", "documents", "quality", "safety",
    "privacy", "bias", "legal", "approvals", "signing", "lifecycle",
]  # fmt: skip
GROUPS: tuple[Group, ...] = get_args(Group)

# warned: worth saying, stops nothing. waived: unmet, and a person took it upon themselves.
Status = Literal["met", "warned", "waived", "unmet", "undecided"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows it: a file with its digest, a quotation, a measurement."""

    what: str  # "text of LICENSE", "approval by ada@acme.example", "mmlu"
    quote: str | None = None  # the words or the figure itself
    path: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One condition, judged."""

    id: str  # dotted, such as licence.llama3.1.notice; the group need not be repeated
    group: Group
    status: Status
    sentence: str  # what was found, with the value that matters
    evidence: tuple[Evidence, ...] = ()
    hint: str | None = None  # the next step, when it is not met

    @property
    def blocks(self) -> bool:
        """Whether the release must not leave because of it."""
        return self.status in {"unmet", "undecided"}

    def to_json(self) -> dict[str, Any]:
        """For programs, and for the release itself."""
        evidence = [
            {key: value for key in Evidence.__slots__ if (value := getattr(each, key)) is not None}
            for each in self.evidence
        ]
        found = {
            "id": self.id,
            "group": self.group,
            "status": self.status,
            "sentence": self.sentence,
            "evidence": evidence,
            "hint": self.hint,
        }
        return {key: value for key, value in found.items() if value}


def unmet(checks: Iterable[Check]) -> list[Check]:
    """Those that stop the release, by group."""
    return sorted((c for c in checks if c.blocks), key=lambda c: (GROUPS.index(c.group), c.id))
