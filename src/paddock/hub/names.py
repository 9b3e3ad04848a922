"""Names of accounts and repositories: which are allowed, and how they are looked up.

Pure. A name keeps the case it was given and is found in any case; ``key`` is the form in which
names are compared. Only ASCII letters, digits and a few marks are allowed, so that no two names
look alike and every name is one segment of an address as it stands.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from paddock.errors import shown
from paddock.hub.errors import BadName
from paddock.hub.types import Kind

MIN_ACCOUNT_CHARS = 2
MAX_ACCOUNT_CHARS = 42
MAX_REPOSITORY_CHARS = 96

_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_REPOSITORY = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")

# First segments of the hub's own addresses, now or foreseeably: an account of that name would hide
# them or be hidden by them. Compared in lower case.
_RESERVED = (
    "about account accounts activity administration api assets auth avatars blog bucket buckets "
    "cas chat collections compare contact dashboard datasets discussions docs download "
    "downloads favicon follow front git health healthz help home inbox invite invites jobs join "
    "kernels languages legal lfs license licenses likes livez login logout me metrics models new "
    "new-dataset none notifications null oauth organizations orgs papers posts pricing privacy "
    "profile raw readyz register reports repos resolve robots search session sessions settings "
    "signin signout signup spaces static stats status storage tasks telemetry terms tokens "
    "trending undefined upload uploads user users v1 v2 v3 verify webhook webhooks "
    "well-known whoami www xet"
)
RESERVED_ACCOUNT_NAMES = frozenset(_RESERVED.split())


class RepositoryName(NamedTuple):
    """What a repository is called, as somebody wrote it: a model and a dataset may share a name."""

    kind: Kind
    namespace: str
    name: str

    @property
    def full(self) -> str:
        """``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    @property
    def key(self) -> str:
        """The form under which a repository of this kind is looked up."""
        return self.full.lower()


def account_key(name: str) -> str:
    """The form under which an account is looked up. Any text may be asked for, a bad one too."""
    return name.lower()


def likeness(name: str) -> str:
    """What a reader remembers of a name: names with the same likeness are taken for each other."""
    return account_key(name).replace("-", "").replace("_", "")


def check_account_name(name: str) -> str:
    """The name, if a new user or organisation may have it; raises BadName."""
    problem = _account_problem(name)
    if problem:
        raise BadName(
            f"{shown(name)} cannot be the name of an account: {problem}",
            hint=f"use {MIN_ACCOUNT_CHARS} to {MAX_ACCOUNT_CHARS} letters, digits, '-' and '_'",
        )
    return name


def check_repository_name(name: str) -> str:
    """The part after the slash, if a new repository may have it; raises BadName."""
    problem = _repository_problem(name)
    if problem:
        raise BadName(
            f"{shown(name)} cannot be the name of a repository: {problem}",
            hint=f"use 1 to {MAX_REPOSITORY_CHARS} letters, digits, '-', '_' and '.'",
        )
    return name


def parse_repository_name(kind: Kind, full_name: str) -> RepositoryName:
    """Split ``namespace/name``; raises BadName unless it has exactly these two parts."""
    namespace, slash, name = full_name.partition("/")
    if not slash or not namespace or not name or "/" in name:
        raise BadName(
            f"{shown(full_name)} is not a repository: it must be 'namespace/name'",
            hint="name the user or organisation, a slash, and the repository",
        )
    return RepositoryName(kind, namespace, name)


def parse_address(text: str) -> RepositoryName:
    """``ns/name`` of a model, or ``datasets/ns/name`` and the like; raises BadName."""
    for kind in Kind:
        if kind.url_prefix and text.startswith(kind.url_prefix):
            return parse_repository_name(kind, text.removeprefix(kind.url_prefix))
    return parse_repository_name(Kind.MODEL, text)


def _account_problem(name: str) -> str | None:
    if not MIN_ACCOUNT_CHARS <= len(name) <= MAX_ACCOUNT_CHARS:
        return f"it is {len(name)} long"
    if not _ACCOUNT.fullmatch(name):
        return "it must be letters, digits, '-' and '_', starting and ending with a letter or digit"
    if "--" in name:
        return "it contains '--'"
    if name.lower() in RESERVED_ACCOUNT_NAMES:
        return "it is reserved for the hub's own addresses"
    return None


def _repository_problem(name: str) -> str | None:
    if not 1 <= len(name) <= MAX_REPOSITORY_CHARS:
        return f"it is {len(name)} long"
    if not _REPOSITORY.fullmatch(name):
        return (
            "it must be letters, digits, '-', '_' and '.', not starting or ending with '-' or '.'"
        )
    if "--" in name or ".." in name:
        return "it contains '--' or '..'"
    if name.lower().endswith(".git"):
        return "it ends in '.git'"
    return None
