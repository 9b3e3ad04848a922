"""Commands to copy into a shell say nothing but what they seem to say."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime

from paddock.hub.discussions.values import Discussion, Proposal, Status
from paddock.web.discussions.commands import to_settle


def test_a_branch_s_name_runs_nothing() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    base = "refs/heads/x;touch${IFS}y`z`"
    proposal = Proposal(base, "0" * 40)
    one = Discussion(1, "0" * 24, 1, 7, Status.OPEN, "A change", None, False, 0, 0, 0, now, now,
                     proposal)  # fmt: skip
    merge = to_settle(one).splitlines()[2]
    assert shlex.split(merge) == ["git", "merge", "origin/x;touch${IFS}y`z`"]
    assert merge == "git merge 'origin/x;touch${IFS}y`z`'"
