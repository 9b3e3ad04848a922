"""A reader's refusal as a reason: its word becomes a code."""

from __future__ import annotations

from pathlib import PurePosixPath
from types import MappingProxyType

from paddock.checkpoint.errors import BadArchive, BadCheckpoint
from paddock.checkpoint.scan.looking import OutOfBudget
from paddock.checkpoint.scan.report import Reason

_CODES = MappingProxyType(
    {
        "hidden_bytes": "hidden_bytes",
        "trailing_bytes": "hidden_bytes",
        "hole": "hidden_bytes",
        "wrong_length": "hidden_bytes",
        "overlap": "overlap",
        "bad_name": "path_escape",
        "path_escape": "path_escape",
        "truncated": "truncated",
        "unreadable": "unreadable",
        "bomb": "archive_bomb",
        "encrypted": "encrypted",
        "unsupported": "archive_not_read",
        **dict.fromkeys(
            ("duplicate", "duplicate_key", "duplicate_member", "duplicate_name"), "duplicate"
        ),
        **dict.fromkeys(
            (
                "header_too_large",
                "too_large",
                "too_many",
                "too_deep",
                "overflow",
                "past_end",
                "size_mismatch",
                "bad_offsets",
                "out_of_storage",
            ),
            "impossible_size",
        ),
    }
)
_ARCHIVE_CODES = MappingProxyType(
    {"mismatch": "archive_mismatch", "multi_disk": "archive_not_read"}
)


def refusal(error: BadCheckpoint, place: str) -> Reason:
    """The reason for a file that its own reader refuses, at the level of a rejection."""
    if isinstance(error, OutOfBudget):
        return Reason("unfinished", place, error.message)
    code = _CODES.get(error.reason, "malformed")
    if isinstance(error, BadArchive) and code == "malformed":
        code = _ARCHIVE_CODES.get(error.reason, "bad_archive")
    word = "" if error.reason == code else f" ({error.reason})"
    return Reason(code, place, _without_the_name(error.message, place) + word)


def _without_the_name(message: str, place: str) -> str:
    """The sentence, where readers begin with the file's name: the place names it already."""
    name = PurePosixPath(place.rpartition("!")[2]).name
    if name and message.startswith((f"{name}: ", f"{name} ")):
        rest = message.removeprefix(name)
        return rest.removeprefix(": ") if rest.startswith(":") else f"it{rest}"
    return message
