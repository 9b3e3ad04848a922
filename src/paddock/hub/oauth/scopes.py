"""What applications may ask for, in words, and what it means for the token that they get.

Pure. A scope covers the person who grants it and the organisations that they chose to include.
``write-repos`` writes to what is there, ``manage-repos`` also makes, renames and deletes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from paddock.errors import shown
from paddock.hub.oauth.failures import InvalidScope
from paddock.hub.people import scopes
from paddock.hub.people.scopes import ACCOUNT, Entity, Scopes
from paddock.hub.types import Account

DEFAULT = ("openid", "profile")

# In the order in which the consent page shows them.
MEANINGS = {
    "openid": "know that it is you who signs in",
    "profile": "read your name and your organisations",
    "email": "read your e-mail address",
    "read-memberships": "read which organisations you belong to",
    "read-repos": "read your private repositories",
    "gated-repos": "read gated repositories that you were let into",
    "contribute-repos": "make repositories, and change those that it made",
    "write-repos": "change the contents of your repositories",
    "manage-repos": "make, rename and delete your repositories",
    "read-collections": "read your private collections",
    "write-collections": "change your collections",
    "write-discussions": "write in discussions and open pull requests as you",
    "webhooks": "read and change your webhooks",
    "inference-api": "use inference in your name (this hub offers none)",
    "jobs": "run jobs in your name (this hub offers none)",
    "read-billing": "read your billing (this hub has none)",
    "read-mcp": "read your tool settings (this hub has none)",
}
_PERMISSIONS = {
    "read-repos": (scopes.READ,),
    "contribute-repos": (scopes.CONTRIBUTE,),
    "write-repos": (scopes.READ, scopes.WRITE_CONTENT),
    "manage-repos": (scopes.READ, scopes.WRITE_CONTENT, scopes.WRITE),
    "read-collections": (scopes.READ_COLLECTIONS,),
    "write-collections": (scopes.READ_COLLECTIONS, scopes.WRITE_COLLECTIONS),
    "webhooks": (scopes.READ_WEBHOOKS, scopes.WRITE_WEBHOOKS),
}


class Covered(Protocol):
    """A grant, as far as this file needs to know it."""

    @property
    def user(self) -> Account: ...
    @property
    def org_ids(self) -> tuple[int, ...]: ...


def parse_scope(text: str | None, allowed: Sequence[str]) -> tuple[str, ...]:
    """The scopes of a request, each once, in our order; raises InvalidScope."""
    if not text or not text.strip():
        return tuple(name for name in DEFAULT if name in allowed)
    asked = set(text.split())
    for name in sorted(asked):
        if name not in MEANINGS:
            raise InvalidScope(f"there is no scope {shown(name)}")
        if name not in allowed:
            raise InvalidScope(f"the application did not register the scope {shown(name)}")
    return tuple(name for name in MEANINGS if name in asked)


def to_token_scopes(granted: Sequence[str], grant: Covered, app_id: int) -> Scopes:
    """The bounds of the access tokens that follow from a grant."""
    held = frozenset(p for name in granted for p in _PERMISSIONS.get(name, ()))
    entities: list[Entity] = [(ACCOUNT, grant.user.id)]
    entities += [(ACCOUNT, org_id) for org_id in grant.org_ids]
    return Scopes(
        everywhere=frozenset({scopes.DISCUSS}) if "write-discussions" in granted else frozenset(),
        on={entity: held for entity in entities} if held else {},
        reads_gated="gated-repos" in granted,
        app_id=app_id,
        profile=frozenset(granted) & {"profile", "email", "read-memberships", "openid"},
    )
