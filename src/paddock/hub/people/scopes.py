"""What a fine-grained token may do: permissions, and where each of them holds.

Pure. A permission holds everywhere, or on one entity: an account's repositories and settings, one
repository, or a resource group. A permission that this hub does not know is kept and gives nothing.
Entities are rows' ids, so a grant outlives a rename and never passes to whoever takes the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.errors import BadInput, shown

READ = "repo.content.read"
WRITE_CONTENT = "repo.content.write"  # commits, branches, tags; no settings, no new repositories
WRITE = "repo.write"  # everything that may be done with a repository
CONTRIBUTE = "repo.contribute"  # make repositories, and write to those that the application made
DISCUSS = "discussion.write"
LIKE = "user.social.likes.write"
READ_COLLECTIONS, WRITE_COLLECTIONS = "collection.read", "collection.write"
READ_WEBHOOKS, WRITE_WEBHOOKS = "user.webhooks.read", "user.webhooks.write"
READ_NOTIFICATIONS, WRITE_NOTIFICATIONS = "user.notifications.read", "user.notifications.write"
READ_ORG, WRITE_ORG = "org.read", "org.write"
READ_MEMBERS, WRITE_MEMBERS = "org.members.read", "org.members.write"
READ_ORG_REPOSITORIES = "org.repos.read"
WRITE_GROUPS = "resourceGroup.write"

GLOBAL_PERMISSIONS = frozenset({DISCUSS, "post.write"})
MAX_ENTITIES = 200
MAX_PERMISSIONS = 100
MAX_PERMISSION_CHARS = 64

ACCOUNT, REPOSITORY, GROUP = "account", "repository", "group"
Entity = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Scopes:
    """Permissions by entity; ``app_id`` is the OAuth application that the token was made for."""

    everywhere: frozenset[str] = frozenset()
    on: Mapping[Entity, frozenset[str]] = field(default_factory=dict)
    reads_gated: bool = False  # public gated repositories that the user was let into
    app_id: int | None = None
    profile: frozenset[str] = frozenset({"profile", "email"})  # what ``whoami`` may tell

    def holds(self, permission: str, *entities: Entity) -> bool:
        """Whether the permission holds everywhere or on one of the entities."""
        if permission in self.everywhere:
            return True
        return any(permission in self.on.get(entity, ()) for entity in entities)

    def holds_any(self, permissions: Iterable[str], *entities: Entity) -> bool:
        """Whether one of the permissions does."""
        return any(self.holds(permission, *entities) for permission in permissions)

    def entities_with(self, kind: str, permissions: Iterable[str]) -> list[int]:
        """Ids of the entities of one kind on which one of the permissions holds."""
        wanted = frozenset(permissions)
        return [key for (of, key), held in self.on.items() if of == kind and held & wanted]


def check_permissions(permissions: Iterable[Any]) -> frozenset[str]:
    """The permissions of a request; raises BadInput for what cannot be the name of one."""
    found = frozenset(
        permission if isinstance(permission, str) else "" for permission in permissions
    )
    if len(found) > MAX_PERMISSIONS:
        raise BadInput(f"{len(found)} permissions are too many", hint=f"{MAX_PERMISSIONS} at most")
    for permission in found:
        plain = permission.replace(".", "").replace("-", "").replace("_", "")
        if not plain.isalnum() or not plain.isascii() or len(permission) > MAX_PERMISSION_CHARS:
            raise BadInput(f"{shown(permission)} cannot be the name of a permission")
    return found


def to_json(scopes: Scopes) -> dict[str, Any]:
    """As it is kept in a row."""
    return {
        "everywhere": sorted(scopes.everywhere),
        "on": [[kind, key, sorted(held)] for (kind, key), held in scopes.on.items()],
        "reads_gated": scopes.reads_gated,
        "app_id": scopes.app_id,
        "profile": sorted(scopes.profile),
    }


def from_json(kept: Mapping[str, Any] | None) -> Scopes:
    """From a row; a token without scopes has none."""
    if kept is None:
        return Scopes()
    return Scopes(
        everywhere=frozenset(kept["everywhere"]),
        on={(kind, key): frozenset(held) for kind, key, held in kept["on"]},
        reads_gated=kept["reads_gated"],
        app_id=kept["app_id"],
        profile=frozenset(kept["profile"]),
    )
