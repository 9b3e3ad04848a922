"""What somebody is answered who wants something of a repository: the table of access, asked.

Pure: takes how a caller stands and at which stages the repository is, knows no rows and raises
nothing. Whoever stands in several ways may do what one of them may; of several stages, such as
private with a gate, or open with a revoked release, the strictest counts. What is in no row of the
table is nobody's: a role that the table does not know is that of somebody who has none.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from paddock.hub.access_table import Outcome, Right, Stage, Who, outcome
from paddock.hub.gates.standing import Grant
from paddock.hub.groups.roles import READ_HERE, WRITE_HERE
from paddock.hub.types import Repository

Stages = tuple[Stage, ...]

_ROLES: Final = {
    "admin": Who.OWNER,
    "write": Who.WRITER,
    "read": Who.MEMBER,
    WRITE_HERE: Who.HELPER,
    READ_HERE: Who.COLLABORATOR,
}
_GRANTED: Final = {"accepted": Who.INVITED, "expired": Who.EXPIRED, "rejected": Who.REJECTED}
_GATES: Final = {"auto": Stage.GATED_AUTO, "manual": Stage.GATED_MANUAL}
_STRICTER: Final = (Outcome.ALLOWED, Outcome.FORBIDDEN, Outcome.UNKNOWN, Outcome.HIDDEN)


class Standing(NamedTuple):
    """How a caller stands with a repository: all that the decision takes from rows."""

    is_signed_in: bool = False
    is_site_admin: bool = False
    role: str | None = None  # of theirs on the repository, as far as their token reaches
    is_creator: bool = False
    grant: Grant | None = None  # looked up where the stage asks for one

    @property
    def ways(self) -> tuple[Who, ...]:
        """Who they are in the table."""
        if not self.is_signed_in:
            return (Who.ANONYMOUS,)
        if self.is_site_admin:
            return (Who.ADMINISTRATOR,)
        ways = [_GRANTED.get(self.grant.status, Who.READER)] if self.grant else [Who.READER]
        if self.role == "contributor":
            ways.append(Who.CREATOR if self.is_creator else Who.CONTRIBUTOR)
        elif self.role in _ROLES:
            ways.append(_ROLES[self.role])
        return tuple(ways)


STRANGER: Final = Standing()


def stages_of(repo: Repository) -> Stages:
    """At which stages a repository is as its row has it; what became of a release is not in it."""
    stages: Stages = ()
    if repo.is_private:
        stages = (Stage.INVITED if repo.is_invited else Stage.PRIVATE,)
    if repo.gated is not None:
        stages = (*stages, _GATES.get(repo.gated, Stage.GATED_MANUAL))
    return stages or (Stage.OPEN,)


def decide(right: Right, stages: Stages, standing: Standing) -> Outcome:
    """What the table says."""
    return _decide(right, stages, standing.ways)


def is_for_everybody(right: Right, stages: Stages) -> bool:
    """Whether nothing has to be looked up: what a stranger may, everybody may."""
    return _decide(right, stages, STRANGER.ways) is Outcome.ALLOWED


@cache  # of a few hundred questions that there are
def _decide(right: Right, stages: Stages, ways: tuple[Who, ...]) -> Outcome:
    said = (
        min((outcome(right, stage, who) for who in ways), key=_STRICTER.index) for stage in stages
    )
    return max(said, key=_STRICTER.index)
