"""One entry of the audit log as a value: how its fields are sealed, and what its hash covers.

Pure. Each field has a seal, the SHA-256 of a salt of its own with its name and value; an entry's
hash covers the seals, so a field and its salt can be erased and the hash still holds, while nobody
can tell from the seal alone what the field said.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc8785

from paddock import clock

FIRST = "0" * 64  # what the first entry has for the hash before it
_SALT_BYTES = 16

Value = str | int | bool | None | list[str] | list[int]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done; ``fields`` are what it was done with, without those that were erased."""

    seq: int
    happened_at: datetime
    act: str
    actor_id: int | None
    repo_id: int | None
    account_id: int | None
    fields: Mapping[str, Any]
    salts: Mapping[str, str]
    seals: Mapping[str, str]
    previous: str
    hash: str

    @property
    def erased(self) -> list[str]:
        """Names of the fields that are there no more."""
        return sorted(self.seals.keys() - self.fields.keys())

    def to_json(self) -> dict[str, Any]:
        """As one line of an export."""
        return {
            **_covered(self),
            "fields": dict(self.fields),
            "salts": dict(self.salts),
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry goes: its number, its moment, and the hash before it."""

    seq: int
    happened_at: datetime
    previous: str


def sealed(
    place: Place,
    act: str,
    ids: tuple[int | None, int | None, int | None],
    fields: Mapping[str, Value],
) -> Entry:
    """A new entry; ``ids`` are those of actor, repository and account."""
    salts = {name: secrets.token_hex(_SALT_BYTES) for name in fields}
    seals = {name: seal(salts[name], name, value) for name, value in fields.items()}
    moment = place.happened_at.replace(microsecond=place.happened_at.microsecond // 1000 * 1000)
    entry = Entry(place.seq, moment, act, *ids, fields, salts, seals, place.previous, "")
    return Entry(
        *(place.seq, moment, act, *ids, fields, salts, seals, place.previous, hash_of(entry))
    )


def seal(salt: str, name: str, value: Any) -> str:
    """What stands for a field once it is gone."""
    return hashlib.sha256(rfc8785.dumps([salt, name, value])).hexdigest()


def hash_of(entry: Entry) -> str:
    """What the entry's hash has to be."""
    return hashlib.sha256(rfc8785.dumps(_covered(entry))).hexdigest()


def _covered(entry: Entry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "moment": clock.to_text(entry.happened_at),
        "act": entry.act,
        "actor": entry.actor_id,
        "repository": entry.repo_id,
        "account": entry.account_id,
        "seals": dict(entry.seals),
        "previous": entry.previous,
    }
