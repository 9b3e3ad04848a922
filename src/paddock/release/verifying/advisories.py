"""What a hub advises about a revision, and about the models it was made of, told as notes.

It is the hub's word and no signature's, so it changes no verdict. A hub that knows no advisories,
or does not answer in their form, says nothing; what it says is bounded before it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import httpx2

from paddock.release.publishing.hub_client import Hub
from paddock.release.target import RepositoryTarget
from paddock.release.verifying.verdict import Verdict

MAX_BYTES: Final = 4 << 20
MAX_TOLD: Final = 20
_SECONDS: Final = 30.0
_MAX_CHARS: Final = 600


def advised_by(
    hub: Hub,
    wanted: RepositoryTarget,
    verdict: Verdict,
    *,
    transport: httpx2.BaseTransport | None = None,
) -> Verdict:
    """The verdict with a note for each advisory that holds of the revision."""
    answer = _fetch(hub, wanted, transport)
    if answer is None:
        return verdict
    notes = [*_notes(answer.get("own")), *_notes(answer.get("inherited"))]
    if len(notes) > MAX_TOLD:
        notes = [*notes[:MAX_TOLD], f"and {len(notes) - MAX_TOLD} advisories more"]
    return replace(verdict, notes=(*verdict.notes, *notes))


def _fetch(
    hub: Hub, wanted: RepositoryTarget, transport: httpx2.BaseTransport | None
) -> dict[str, Any] | None:
    address = f"{hub.url.rstrip('/')}/api/models/{wanted.repo}/advisories/concerning"
    headers = {"Authorization": f"Bearer {hub.token}"} if hub.token else {}
    asked = {"revision": wanted.revision or "main"}
    body = bytearray()
    try:
        with (
            httpx2.Client(timeout=_SECONDS, transport=transport) as client,
            client.stream("GET", address, params=asked, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                return None
            for piece in answer.iter_bytes(1 << 16):
                body += piece
                if len(body) > MAX_BYTES:
                    return None
        told = json.loads(body)
    except (httpx2.HTTPError, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _notes(told: object) -> Iterator[str]:
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict):
            yield _sentence(one)


def _sentence(one: dict[str, Any]) -> str:
    own = one.get("database_specific")
    facts = own if isinstance(own, dict) else {}
    about = facts.get("repository")
    repo = about.get("name") if isinstance(about, dict) else ""
    parts = (
        f"the hub's advisory {_line(one.get('id'))} ({_line(facts.get('severity')).lower()})",
        f" on {_line(repo)}: {_line(one.get('summary'))}.",
        f" What to do: {_line(facts.get('action'))}",
    )
    return "".join(parts)


def _line(value: object) -> str:
    """Text of a hub as it may be put on a terminal."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(c for c in text[:_MAX_CHARS] if c.isprintable()) or "?"
