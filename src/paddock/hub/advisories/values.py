"""What an advisory is. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from paddock.hub.reports.severity import Severity
from paddock.hub.types import Account, Repository


class Bound(NamedTuple):
    """A revision as somebody named it, and the commit that it was."""

    revision: str
    commit_oid: str


@dataclass(frozen=True, slots=True)
class Affected:
    """From which revision on, and to which last one, or until which one puts it right."""

    first: Bound | None = None  # None: from the beginning
    last: Bound | None = None
    fixed: Bound | None = None


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory as its row says; ``author`` is None once the account is gone."""

    id: int
    name: str
    repo_id: int
    author: Account | None
    title: str
    severity: Severity
    details: str
    details_html: str
    advice: str
    advice_html: str
    affected: Affected
    tags: tuple[str, ...]  # those that were affected when it was last changed
    published_at: datetime
    updated_at: datetime
    withdrawn_at: datetime | None


class Placed(NamedTuple):
    """An advisory, and the repository that it is about."""

    repo: Repository
    advisory: Advisory

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"{self.repo.web_path}/advisories/{self.advisory.name}"
