"""Who may do what with a repository at which stage, as one table: the rules of ``access`` told.

``docs/access.md`` is written from it, and a test asks every route of the application as everybody
in it at every stage and compares the answers. Knows no rows and decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple


class Who(StrEnum):
    """Who asks, as they stand with the repository of an organisation."""

    ANONYMOUS = "anonymous"
    READER = "reader"
    INVITED = "invited"
    MEMBER = "member"
    CONTRIBUTOR = "contributor"
    CREATOR = "creator"
    WRITER = "writer"
    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    FOREIGN = "foreign"


class Stage(StrEnum):
    """How far the repository is open."""

    PRIVATE = "private"
    GATED_AUTO = "gated-auto"
    GATED_MANUAL = "gated-manual"
    OPEN = "open"


class Right(StrEnum):
    """What somebody wants of the repository."""

    SEE = "see"
    TALK = "talk"
    ASK = "ask"
    READ = "read"
    PROPOSE = "propose"
    WRITE = "write"
    EDIT = "edit"
    HANDLE = "handle"
    ORGANISE = "organise"
    OVERRIDE = "override"


class Outcome(StrEnum):
    """What they are answered."""

    ALLOWED = "yes"
    UNKNOWN = "401"
    FORBIDDEN = "403"
    HIDDEN = "404"


WHO: Final = {
    Who.ANONYMOUS: "nobody signed in, and no token",
    Who.READER: "a user who has nothing to do with the repository",
    Who.INVITED: "such a user, whose access was accepted or granted and has not ended",
    Who.MEMBER: "a member of the organisation who may read",
    Who.CONTRIBUTOR: "a member who may create repositories, and did not create this one",
    Who.CREATOR: "such a member, who created this one",
    Who.WRITER: "a member who may write",
    Who.OWNER: "an admin of the organisation, or the user whose repository it is",
    Who.ADMINISTRATOR: "an administrator of the hub",
    Who.FOREIGN: "an admin of another organisation",
}
STAGES: Final = {
    Stage.PRIVATE: "for the organisation alone; the stages `internal` and `trusted` of a release",
    Stage.GATED_AUTO: "public, its files for those who answered the gate's questions",
    Stage.GATED_MANUAL: "public, its files for those whom somebody let in",
    Stage.OPEN: "public",
}
RIGHTS: Final = {
    Right.SEE: "know that it exists: card, names of files, history, discussions, results, lineage",
    Right.TALK: "like, watch, open a discussion, comment, report a problem",
    Right.ASK: "see what the gate asks, and answer it",
    Right.READ: "read the files: download, clone, the rows of a table, run the model",
    Right.PROPOSE: "open a pull request: by git, or by changing a file on its page",
    Right.WRITE: "change files and refs, merge, decide who gets access, settings, move, delete",
    Right.EDIT: "edit what somebody else wrote in a discussion",
    Right.HANDLE: "read a report that was not triaged yet, decide about it, answer its reporter",
    Right.ORGANISE: "put it into a resource group",
    Right.OVERRIDE: "take back that a file counts as safe in spite of a scan",
}

# One row a right and stage, one column a Who in their order.
_TABLE: Final = """
             anon read invi memb cont crea writ owne admi fore
see          401  404  404  yes  yes  yes  yes  yes  yes  404   private
see          yes  yes  yes  yes  yes  yes  yes  yes  yes  yes   gated-auto
see          yes  yes  yes  yes  yes  yes  yes  yes  yes  yes   gated-manual
see          yes  yes  yes  yes  yes  yes  yes  yes  yes  yes   open
talk         401  404  404  yes  yes  yes  yes  yes  yes  404   private
talk         401  yes  yes  yes  yes  yes  yes  yes  yes  yes   gated-auto
talk         401  yes  yes  yes  yes  yes  yes  yes  yes  yes   gated-manual
talk         401  yes  yes  yes  yes  yes  yes  yes  yes  yes   open
ask          401  404  404  yes  yes  yes  yes  yes  yes  404   private
ask          401  yes  yes  yes  yes  yes  yes  yes  yes  yes   gated-auto
ask          401  yes  yes  yes  yes  yes  yes  yes  yes  yes   gated-manual
ask          401  yes  yes  yes  yes  yes  yes  yes  yes  yes   open
read         401  404  404  yes  yes  yes  yes  yes  yes  404   private
read         401  403  yes  403  403  yes  yes  yes  yes  403   gated-auto
read         401  403  yes  403  403  yes  yes  yes  yes  403   gated-manual
read         yes  yes  yes  yes  yes  yes  yes  yes  yes  yes   open
propose      401  404  404  yes  yes  yes  yes  yes  yes  404   private
propose      401  403  yes  403  403  yes  yes  yes  yes  403   gated-auto
propose      401  403  yes  403  403  yes  yes  yes  yes  403   gated-manual
propose      401  yes  yes  yes  yes  yes  yes  yes  yes  yes   open
write        401  404  404  403  403  yes  yes  yes  yes  404   private
write        401  403  403  403  403  yes  yes  yes  yes  403   gated-auto
write        401  403  403  403  403  yes  yes  yes  yes  403   gated-manual
write        401  403  403  403  403  yes  yes  yes  yes  403   open
edit         401  404  404  403  403  403  403  403  403  404   private
edit         401  403  403  403  403  403  403  403  403  403   gated-auto
edit         401  403  403  403  403  403  403  403  403  403   gated-manual
edit         401  403  403  403  403  403  403  403  403  403   open
handle       401  404  404  404  404  yes  yes  yes  yes  404   private
handle       401  404  404  404  404  yes  yes  yes  yes  404   gated-auto
handle       401  404  404  404  404  yes  yes  yes  yes  404   gated-manual
handle       401  404  404  404  404  yes  yes  yes  yes  404   open
organise     401  404  404  403  403  403  403  yes  yes  404   private
organise     401  403  403  403  403  403  403  yes  yes  403   gated-auto
organise     401  403  403  403  403  403  403  yes  yes  403   gated-manual
organise     401  403  403  403  403  403  403  yes  yes  403   open
override     401  404  404  403  403  403  403  403  yes  404   private
override     401  403  403  403  403  403  403  403  yes  403   gated-auto
override     401  403  403  403  403  403  403  403  yes  403   gated-manual
override     401  403  403  403  403  403  403  403  yes  403   open
"""


class Row(NamedTuple):
    """What everybody is answered who wants this at that stage."""

    right: Right
    stage: Stage
    outcomes: dict[Who, Outcome]


def _rows() -> Iterator[Row]:
    for line in _TABLE.strip().splitlines()[1:]:
        right, *cells, stage = line.split()
        outcomes = dict(zip(Who, map(Outcome, cells), strict=True))
        yield Row(Right(right), Stage(stage), outcomes)


ROWS: Final = tuple(_rows())
_BY_PLACE: Final = {(row.right, row.stage): row.outcomes for row in ROWS}


def outcome(right: Right, stage: Stage, who: Who) -> Outcome:
    """What somebody is answered."""
    return _BY_PLACE[right, stage][who]
