"""Where a model's files come from: a path, or a repository of a hub, verified before it is loaded.

Knows no engine. ``fetch`` blocks; what it returns was looked at as the rules say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from paddock.clock import now
from paddock.log import get_logger
from paddock.release.errors import HubUnreachable
from paddock.release.publishing.hub_client import Hub
from paddock.release.target import RepositoryTarget
from paddock.release.verifying.hub_updates import renewed, told_by
from paddock.release.verifying.pulling import Pulling, find_model, pull
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verdict import Verdict
from paddock.release.verifying.verify import verify_folder
from paddock.serve.models.verifying import Rules, verified

log = get_logger("serve")


class Source(Protocol):
    """Where one model's files are; sources with the same ``key`` are one model in memory."""

    @property
    def key(self) -> str:
        """What it is, whoever asks."""
        ...

    @property
    def root(self) -> str:
        """The same for callers: no path of this machine."""
        ...

    @property
    def repository(self) -> str | None:
        """The repository that a caller must have a right to read, where it is one."""
        ...

    @property
    def created(self) -> int:
        """When the model was made or first named, in seconds since 1970."""
        ...

    def fetch(self) -> Path:
        """Its files on this machine; raises what stands against that. May take long."""
        ...


@dataclass(frozen=True, slots=True)
class PathSource:
    """A folder or file on this machine."""

    path: Path
    rules: Rules
    created: int
    repository: None = None

    @property
    def key(self) -> str:
        return f"path:{self.path}"

    @property
    def root(self) -> str:
        return self.path.name or "model"

    def fetch(self) -> Path:
        return verified(self.path, self.rules)


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of a hub at a revision; without one, at what its branch was when it was loaded.

    Pulled with the operator's token: whether a caller may use it is asked of the gate.
    """

    hub: Hub
    target: RepositoryTarget
    rules: Rules
    created: int

    @property
    def repository(self) -> str:
        return self.target.repo

    @property
    def key(self) -> str:
        return f"hub:{self.hub.url}:{self.root}"

    @property
    def root(self) -> str:
        revision = f"@{self.target.revision}" if self.target.revision else ""
        return f"{self.target.repo}{revision}"

    def fetch(self) -> Path:
        pulling = Pulling(self.hub, is_verifiable=True, note=log.warning)
        return verified(pull(self.target, pulling), self.rules, self._judged)

    def _judged(self, folder: Path, trust: Trust, updates: Updates) -> Verdict:
        """By what the hub has of newer metadata and announced events, too, while it answers.

        A revision is asked for by its name, so it may be an older one.
        """
        asked = replace(updates, expected_version=self.target.revision)
        try:
            with renewed(self.hub, self.target, folder, asked) as newest:
                return told_by(self.hub, self.target, verify_folder(folder, trust, newest), trust)
        except HubUnreachable as e:
            log.warning("the hub was not asked what it knows of the model", why=e.message)
            return verify_folder(folder, trust, asked)


def source_of(model: str, hub: Hub, rules: Rules) -> Source:
    """The source that a MODEL of the command line names; raises NotFound."""
    found = find_model(model)
    if isinstance(found, Path):
        path = found.resolve()
        return PathSource(path, rules, int(path.stat().st_mtime))
    return HubSource(hub, found, rules, int(now().timestamp()))
