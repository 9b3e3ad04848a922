"""What can go wrong with a release's life after it was published."""

from __future__ import annotations

from paddock.errors import BadInput, Conflict, Refused


class NotThisReleasesKey(Refused):
    """The key did not sign the release, so nobody would listen."""

    code = "not_this_releases_key"


class NoRelease(BadInput):
    """A revision of a repository that holds no release."""

    code = "no_release"


class BranchTaken(Conflict):
    """The branch of the events holds something else."""

    code = "branch_taken"
