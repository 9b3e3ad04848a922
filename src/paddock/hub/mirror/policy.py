"""Which repositories of another hub may be mirrored, and how open the mirror is.

Pure. Passing on is what a mirror does, so the author's word decides: a repository that names no
licence gives nobody that right, one that was disabled is not passed on, a private one stays
private, and behind a gate there stands a gate here too, kept by this hub's own people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from paddock.errors import BadInput, Forbidden, shown
from paddock.licences import is_licence

ANY_LICENCE = "*"
_NO_LICENCE = frozenset({"unknown", ""})


class NotMirrored(Forbidden):
    """The other hub has the repository, and its terms do not allow a mirror of it here."""

    code = "not_mirrored"


class BadUpstreamAnswer(BadInput):
    """The other hub described a repository in a way that makes no sense."""

    code = "bad_upstream_answer"
    status = 502


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """What the other hub says of a repository."""

    full_name: str  # as it is spelled there
    is_private: bool
    gated: str | None
    is_disabled: bool
    licences: tuple[str, ...]
    sdk: str | None


class Admission(NamedTuple):
    """How open the mirror is."""

    is_private: bool
    gated: str | None


def read_facts(answer: Mapping[str, Any]) -> UpstreamFacts:
    """The facts in the other hub's answer; raises BadUpstreamAnswer. What is unclear is closed."""
    full_name = answer.get("id")
    if not isinstance(full_name, str):
        raise BadUpstreamAnswer(f"the other hub calls the repository {shown(full_name)}")
    gated = answer.get("gated", False)
    if gated not in (False, None, "auto", "manual"):
        gated = "manual"
    card = answer.get("cardData")
    sdk = answer.get("sdk")
    return UpstreamFacts(
        full_name=full_name,
        is_private=answer.get("private") is not False,
        gated=gated or None,
        is_disabled=answer.get("disabled") not in (False, None),
        licences=_licences(card.get("license") if isinstance(card, Mapping) else None),
        sdk=sdk if isinstance(sdk, str) else None,
    )


def parse_allowed(text: str) -> frozenset[str]:
    """The setting's licence ids, separated by commas; raises BadInput for one nobody knows."""
    allowed = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for licence in allowed - {ANY_LICENCE}:
        if not is_licence(licence):
            raise BadInput(f"upstream_licences names {shown(licence)}, which is no licence id")
    return allowed


def admit(facts: UpstreamFacts, allowed: frozenset[str]) -> Admission:
    """How open a mirror of this repository is; raises NotMirrored.

    With nothing in ``allowed`` every declared licence will do.
    """
    if facts.is_disabled:
        raise NotMirrored(f"{facts.full_name} is disabled on the hub that this one mirrors")
    if ANY_LICENCE not in allowed:
        _check_licences(facts, allowed)
    # Who may pass the gate there says nothing of who may here: people decide, whatever it was.
    return Admission(facts.is_private, "manual" if facts.gated else None)


def _check_licences(facts: UpstreamFacts, allowed: frozenset[str]) -> None:
    declared = set(facts.licences) - _NO_LICENCE
    if not declared:
        raise NotMirrored(
            f"{facts.full_name} names no licence, so nobody was given the right to pass it on",
            hint='an administrator may mirror it all the same with upstream_licences = "*"',
        )
    if allowed and not declared <= allowed:
        licence = min(declared - allowed)
        raise NotMirrored(
            f"{facts.full_name} is under {shown(licence)}, which this hub does not mirror",
            hint="the setting upstream_licences lists the licences that it does",
        )


def _licences(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value.strip().lower(),)
    if isinstance(value, Sequence):
        return tuple(item.strip().lower() for item in value if isinstance(item, str))
    return ()
