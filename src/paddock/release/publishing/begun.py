"""Which repositories a publication made and has not finished: whoever killed it, or lost the
hub on the way, may start it again.

One empty file a repository, in a folder of the user's. Such a repository is private because it was
not whole, not because somebody wants it private. Knows addresses and names; asks no hub.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Begun:
    """One repository on one hub."""

    folder: Path
    hub_url: str
    repo: str

    @property
    def is_known(self) -> bool:
        """Whether an earlier publication made the repository and did not finish."""
        return self._path.exists()

    @contextmanager
    def until_done(self) -> Iterator[None]:
        """Known from now on, and forgotten when the block ends well."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch()
        yield
        self.forget()

    def forget(self) -> None:
        """Nothing is unfinished: the release is whole there, or the repository is gone."""
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        named = f"{self.hub_url.rstrip('/')}\n{self.repo}"
        return self.folder / hashlib.sha256(named.encode()).hexdigest()
