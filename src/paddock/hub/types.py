"""The hub's values: who calls, what a repository is, what a path in a revision holds.

Pure data. No database, no HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from paddock.hub.people.scopes import Scopes

FINE_GRAINED = "fineGrained"  # a token's role


class Kind(StrEnum):
    """What a repository is for; the API's plural is ``kind + "s"``."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    KERNEL = "kernel"  # compiled code for an accelerator

    @property
    def url_prefix(self) -> str:
        """Before ``namespace/name`` in web, resolve, git and LFS addresses."""
        return "" if self is Kind.MODEL else f"{self}s/"


class Need(IntEnum):
    """What a caller wants of a repository; each includes those before it."""

    METADATA = 1  # info, tree, commits: everyone who may see that it exists
    CONTENT = 2  # bytes: on a gated repository only for those who were let in
    WRITE = 3
    OWN = 4  # settings, move, delete


@dataclass(frozen=True, slots=True)
class Account:
    """A user or an organisation."""

    id: int
    public_id: str
    kind: str
    name: str
    full_name: str
    email: str | None
    is_admin: bool
    private_by_default: bool
    created_at: datetime
    is_email_proven: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as it may be shown: never its secret."""

    id: int
    name: str
    role: str  # "read" | "write" | "admin" | "fineGrained"
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    scopes: Scopes | None = None  # of a fine-grained token
    grant_id: int | None = None  # of a token that came by OAuth


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A browser's session, as it counts for what its user may do."""

    secret_sha256: str
    is_admin: bool  # an administrator, who did not sign in with a token of less


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request; ``account`` is None for a stranger.

    Behind an account is a token, or the session of a browser that showed one of our own pages.

    A fine-grained token counts as one that writes only where ``may_change`` was decided for this
    very request (``hub.people.permissions``); what it covers is asked again in ``hub.access``.
    """

    account: Account | None
    token: Token | None
    may_change: bool = False
    session: SignedIn | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.account is None

    @property
    def may_write(self) -> bool:
        """Whether the token's role allows changes at all; a session does."""
        if self.token is None:
            return self.session is not None
        return self.token.role in {"write", "admin"} or (
            self.token.role == FINE_GRAINED and self.may_change
        )

    @property
    def scopes(self) -> Scopes | None:
        """What bounds the caller beside their account; None where nothing does."""
        if self.token is None or self.token.role != FINE_GRAINED:
            return None
        return self.token.scopes or Scopes()


ANONYMOUS = Caller(account=None, token=None)


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's row, as every other module sees it."""

    id: int
    public_id: str
    kind: Kind
    namespace_id: int
    full_name: str
    is_private: bool
    gated: str | None
    sdk: str | None
    created_at: datetime
    updated_at: datetime
    downloads: int  # of the last 30 days
    likes: int
    head_oid: str | None
    card: dict[str, Any] | None
    facts: dict[str, Any] | None
    downloads_all_time: int = 0
    trending: int = 0
    creator_id: int | None = None
    is_invited: bool = False  # where private: who was let in sees and reads it all the same

    @property
    def namespace(self) -> str:
        return self.full_name.split("/", 1)[0]

    @property
    def api_path(self) -> str:
        """``/api/models/ns/name``."""
        return f"/api/{self.kind}s/{self.full_name}"

    @property
    def web_path(self) -> str:
        """``/ns/name`` or ``/datasets/ns/name``."""
        return f"/{self.kind.url_prefix}{self.full_name}"


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file that git holds only a pointer to."""

    sha256: str
    size_bytes: int
    pointer_bytes: int
    xet_hash: str | None


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file at a path of a revision."""

    path: str
    oid: str  # of the git blob
    size_bytes: int  # real size, not the pointer's
    large: LargeFile | None

    @property
    def etag(self) -> str:
        """What identifies the content: the client's cache is keyed by it."""
        return self.large.sha256 if self.large else self.oid


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A folder at a path of a revision."""

    path: str
    oid: str  # of the git tree
