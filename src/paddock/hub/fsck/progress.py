"""Where a check was when it ended, so that the next one may go on there: a small file.

Written whole or not at all, now and then and at the end of every stage; removed when a check is
done.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from paddock.errors import NotFound
from paddock.hub.fsck.findings import Findings

FILE = "fsck.json"


class NothingToResume(NotFound):
    """No check of this kind was interrupted."""

    code = "nothing_to_resume"


class Place(NamedTuple):
    """The stage, and the key of the last thing in it that was looked at."""

    stage: str
    after: str


class ProgressFile(NamedTuple):
    """The file in a data folder."""

    path: Path
    is_deep: bool

    def save(self, place: Place, findings: Findings) -> None:
        """Replace what the file said before."""
        told = {"is_deep": self.is_deep, **place._asdict(), "findings": findings.to_dict()}
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(told), encoding="utf-8")
        new.replace(self.path)

    def load(self) -> tuple[Place, Findings]:
        """What was saved last; raises NothingToResume."""
        try:
            told = json.loads(self.path.read_text(encoding="utf-8"))
            if told["is_deep"] is self.is_deep:
                return Place(told["stage"], told["after"]), Findings.from_dict(told["findings"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        kind = "deep" if self.is_deep else "quick"
        raise NothingToResume(f"no {kind} check was interrupted here", hint="run without --resume")

    def forget(self) -> None:
        """The check is done."""
        self.path.unlink(missing_ok=True)
