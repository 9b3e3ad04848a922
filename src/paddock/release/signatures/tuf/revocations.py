"""revoked.json: releases and keys that must not be trusted any more, and why.

Pure: values to bytes and back. It is a target of the update metadata, so whoever has newer metadata
has the newer list; an entry is never taken out again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from paddock.digest import is_sha256
from paddock.errors import shown
from paddock.signing.errors import BadSignature
from paddock.signing.signed_json import member, object_in, render

FORMAT = "paddock/revoked/v1"
MAX_REVOKED_BYTES = 1 << 20
MAX_TEXT_CHARS = 2000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Kind = Literal["release", "key"]


@dataclass(frozen=True, slots=True)
class Revocation:
    """One thing that is revoked: a release by the digest of its release.json, or a key."""

    kind: Kind
    sha256: str  # of release.json; a key's fingerprint
    reason: str  # such as key_compromise, unsafe, rights, privacy
    date: str  # 2026-11-20
    name: str | None = None
    version: str | None = None
    advisory: str | None = None  # what holders should know and do

    @property
    def sentence(self) -> str:
        """For a verdict."""
        what = f"{self.name} {self.version}" if self.kind == "release" else f"the key {self.sha256}"
        said = f": {self.advisory}" if self.advisory else ""
        return f"{what} was revoked on {self.date} ({self.reason}){said}"


def render_revoked(revocations: Iterable[Revocation]) -> bytes:
    """The bytes of revoked.json: the same for the same entries."""
    entries = sorted(revocations, key=lambda entry: (entry.date, entry.kind, entry.sha256))
    items = [{k: v for k, v in asdict(entry).items() if v is not None} for entry in entries]
    return render({"format": FORMAT, "revoked": items})


def parse_revoked(raw: bytes) -> tuple[Revocation, ...]:
    """The entries; raises BadSignature unless the bytes are what ``render_revoked`` writes."""
    if len(raw) > MAX_REVOKED_BYTES:
        raise BadSignature(f"revoked.json is larger than {MAX_REVOKED_BYTES} bytes")
    document = object_in(raw, "revoked.json")
    if document.get("format") != FORMAT:
        raise BadSignature(f"revoked.json has the format {shown(document.get('format'))}")
    entries = tuple(_revocation(item) for item in member(document, "revoked", list))
    if render_revoked(entries) != raw:
        raise BadSignature("revoked.json is not written the one way that it is")
    return entries


def _revocation(item: Any) -> Revocation:
    known = {field.name for field in fields(Revocation)}
    if not isinstance(item, dict) or not {"kind", "sha256", "reason", "date"} <= set(item) <= known:
        raise BadSignature("an entry of revoked.json has the wrong keys")
    for key, text in item.items():
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_TEXT_CHARS:
            raise BadSignature(f"{key} of an entry of revoked.json is {shown(text)}")
    if item["kind"] not in get_args(Kind) or not is_sha256(item["sha256"]):
        raise BadSignature("an entry of revoked.json names neither a release nor a key")
    if not _DAY.fullmatch(item["date"]):
        raise BadSignature(f"the date {shown(item['date'])} in revoked.json is not a day")
    return Revocation(**item)
