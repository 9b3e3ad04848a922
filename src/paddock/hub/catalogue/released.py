"""What a release states of itself, read from its ``release.json``: claims of whoever uploaded it.

Pure and strict: anything that is not as a release writes it counts as not stated. The file's
signatures are not looked at here, so what follows is shown as what the release states.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object

MANIFEST = "release.json"
MAX_MANIFEST_BYTES = 4 * 1024 * 1024  # thirty files make 20 kB of it
FORMAT = "paddock/release/v1"
GATES = ("passed", "waived", "unmet")
AUDITED_GROUPS = ("safety", "privacy", "bias")
_STATUSES = ("met", "warned", "waived", "unmet", "undecided")
_MAX_CHECKS = 5_000
_MAX_RESULTS = 5_000
_MAX_SAID_CHARS = 100
_CLASS = re.compile(r"the release is Class (III|II|I) - ")
_NO_CLASS = "the release is not in a class of the Model Openness Framework"
_NUMBERS = {"I": 1, "II": 2, "III": 3}


@dataclass(frozen=True, slots=True)
class Released:
    """A release in its own words."""

    name: str
    version: str
    gate: str  # of GATES
    openness: int | None  # class of the Model Openness Framework; 0: in none; None: not stated
    has_results: bool  # measured, with intervals
    has_audit: bool  # conditions on safety, privacy or bias were judged

    def to_json(self) -> dict[str, Any]:
        """For the repository's row."""
        return asdict(self)


def read_release(raw: bytes) -> Released | None:
    """What the bytes of a release.json state, or None where they are none. Never raises."""
    if len(raw) > MAX_MANIFEST_BYTES:
        return None
    try:
        document = parse_object(raw, MANIFEST, BadCheckpoint)
    except BadCheckpoint:
        return None
    name, version = _said(document.get("name")), _said(document.get("version"))
    checks = list(_rows(document.get("checks"), _MAX_CHECKS))
    if document.get("format") != FORMAT or name is None or version is None or not checks:
        return None
    if any(check.get("status") not in _STATUSES for check in checks):
        return None
    return Released(
        name,
        version,
        _gate({check["status"] for check in checks}),
        _openness(checks),
        any(map(_has_interval, _rows(document.get("results"), _MAX_RESULTS))),
        any(check.get("group") in AUDITED_GROUPS for check in checks),
    )


def _said(value: object) -> str | None:
    is_plain = isinstance(value, str) and 0 < len(value) <= _MAX_SAID_CHARS and value.isprintable()
    return value if is_plain and isinstance(value, str) else None


def _rows(value: object, most: int) -> Iterator[dict[str, Any]]:
    """A list of objects; of anything else, nothing."""
    if isinstance(value, list) and len(value) <= most:
        yield from (row for row in value if isinstance(row, dict))


def _gate(statuses: set[str]) -> str:
    if statuses & {"unmet", "undecided"}:
        return "unmet"
    return "waived" if "waived" in statuses else "passed"


def _openness(checks: list[dict[str, Any]]) -> int | None:
    """The class that the release computed from its components, as it says in words."""
    said = next((check.get("sentence") for check in checks if check.get("id") == "documents.mof"),
                None)  # fmt: skip
    if not isinstance(said, str):
        return None
    found = _CLASS.search(said)
    if found is not None:
        return _NUMBERS[found[1]]
    return 0 if _NO_CLASS in said else None


def _has_interval(result: dict[str, Any]) -> bool:
    values = [result.get(name) for name in ("low", "value", "high")]
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return len(numbers) == len(values) and numbers[0] <= numbers[1] <= numbers[2]
