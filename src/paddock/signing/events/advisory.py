"""An advisory: what is wrong with which versions, how bad it is, and what to do.

Pure data, read strictly. The fields are those that OSV and CSAF have in common, under short names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from paddock.errors import shown
from paddock.signing.errors import BadSignature

Severity = Literal["none", "low", "medium", "high", "critical"]
MAX_TEXT_CHARS = 8000
MAX_ITEMS = 200
_MAX_ITEM_CHARS = 500
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,99}")
_LISTS = {"affected", "fixed", "aliases", "references"}


@dataclass(frozen=True, slots=True)
class Advisory:
    """What holders should know."""

    id: str  # ACME-2026-001, CVE-2026-12345
    severity: Severity
    text: str
    action: str  # what a holder should do
    title: str | None = None
    affected: tuple[str, ...] = ()  # versions, besides the event's own
    fixed: tuple[str, ...] = ()  # versions that are right
    aliases: tuple[str, ...] = ()  # other ids of the same
    references: tuple[str, ...] = ()  # addresses

    def to_json(self) -> dict[str, Any]:
        """Without what is not said."""
        said = {key: value for key, value in asdict(self).items() if value not in (None, ())}
        return {key: list(v) if isinstance(v, tuple) else v for key, v in said.items()}


def parse_advisory(item: Mapping[str, Any], where: str) -> Advisory:
    """The advisory in ``item``; raises BadSignature, naming ``where``."""
    known = {field.name for field in fields(Advisory)}
    if unknown := sorted(set(item) - known):
        raise BadSignature(f"{where}: unknown key {shown(unknown[0])}")
    for key in ("id", "severity", "text", "action"):
        if key not in item:
            raise BadSignature(f"{where}: the key {key!r} is missing")
    said: dict[str, Any] = {}
    for key, value in item.items():
        said[key] = _items(value, key, where) if key in _LISTS else _text(value, key, where)
    if not _ID.fullmatch(said["id"]):
        raise BadSignature(f"{where}: {shown(said['id'])} cannot name an advisory")
    if said["severity"] not in get_args(Severity):
        raise BadSignature(
            f"{where}: the severity is {shown(said['severity'])}",
            hint=f"one of {', '.join(get_args(Severity))}",
        )
    for address in said.get("references", ()):
        if not address.startswith(("https://", "http://")):
            raise BadSignature(f"{where}: {shown(address)} is no address")
    return Advisory(**said)


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT_CHARS:
        raise BadSignature(f"{where}: {key} is {shown(value)}")
    if not is_plain_text(value, lines=True):
        raise BadSignature(f"{where}: {key} holds a control character: {shown(value)}")
    return value


def _items(value: object, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise BadSignature(f"{where}: {key} is {shown(value)}, not a short list")
    for item in value:
        if not isinstance(item, str) or not item.strip() or len(item) > _MAX_ITEM_CHARS:
            raise BadSignature(f"{where}: {key} lists {shown(item)}")
        if not is_plain_text(item, lines=False):
            raise BadSignature(f"{where}: {key} holds a control character: {shown(item)}")
    return tuple(value)


def is_plain_text(text: str, *, lines: bool) -> bool:
    """Whether nothing in it moves a cursor, turns the writing or ends a header; ``lines`` may end.

    What is announced is shown on terminals and pages, and told in headers.
    """
    return all(c.isprintable() or (lines and c in "\n\t") for c in text)
