"""Who may do what with a repository at which stage, as one table, from which ``access`` decides.

``docs/access.md`` is written from it, and a test asks every route of the application as everybody
in it at every stage and compares the answers. What of a repository is at which stage, and who is
who, ``decision`` says; knows no rows itself.
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
    GUEST = "guest"
    EXPIRED = "expired"
    REJECTED = "rejected"
    COLLABORATOR = "collaborator"
    HELPER = "helper"
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
    INVITED = "invited"
    GATED_AUTO = "gated-auto"
    GATED_MANUAL = "gated-manual"
    OPEN = "open"
    DEPRECATED = "deprecated"
    REVOKED = "revoked"


class Right(StrEnum):
    """What somebody wants of the repository."""

    SEE = "see"
    TALK = "talk"
    ASK = "ask"
    READ = "read"
    WEIGHTS = "weights"
    PROPOSE = "propose"
    WRITE = "write"
    OWN = "own"
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
    Who.GUEST: "such a user, a member of an organisation whose access was granted the same way",
    Who.EXPIRED: "such a user, whose access has ended",
    Who.REJECTED: "such a user, whose request was rejected",
    Who.COLLABORATOR: "such a user, with the role `read` on this repository alone",
    Who.HELPER: "such a user, with the role `write` on this repository alone",
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
    Stage.INVITED: "private to all but the organisation and those who were let in",
    Stage.GATED_AUTO: "public, its files for those who answered the gate's questions",
    Stage.GATED_MANUAL: "public, its files for those whom somebody let in",
    Stage.OPEN: "public",
    Stage.DEPRECATED: "public, with an announcement that nothing new should use the release",
    Stage.REVOKED: "public, with an announcement that nobody must use the release",
}
RIGHTS: Final = {
    Right.SEE: "know that it exists: card, names of files, history, discussions, results, lineage",
    Right.TALK: "like, watch, open a discussion, comment, report, see how one's request stands",
    Right.ASK: "answer what the gate asks",
    Right.READ: "read the files: download, clone, the rows of a table, run the model",
    Right.WEIGHTS: "read the weights of a release",
    Right.PROPOSE: "open a pull request: by git, or by changing a file on its page",
    Right.WRITE: "change files and refs, merge, decide who gets access, publish advisories",
    Right.OWN: "change the repository itself: settings, stage, collaborators, move, delete",
    Right.EDIT: "edit what somebody else wrote in a discussion",
    Right.HANDLE: "read a report that was not triaged yet, decide about it, answer its reporter",
    Right.ORGANISE: "put it into a resource group",
    Right.OVERRIDE: "take back that a file counts as safe in spite of a scan",
}

# What several stages have in common.
_TOGETHER: Final = {
    "gated": (Stage.GATED_AUTO, Stage.GATED_MANUAL),
    "public": (Stage.OPEN, Stage.DEPRECATED, Stage.REVOKED),
}

# One column a Who in their order; the stages at which a row holds stand at its end.
_TABLE: Final = """
         anon read invi gues expi reje coll help memb cont crea writ owne admi fore
see      401  404  404  404  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  private
see      401  404  yes  yes  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  invited
see      yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  gated public
talk     401  404  404  404  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  private
talk     401  404  yes  yes  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  invited
talk     401  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  gated public
ask      401  404  404  404  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  private
ask      401  404  yes  yes  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  invited
ask      401  yes  yes  yes  yes  403  yes  yes  yes  yes  yes  yes  yes  yes  yes  gated
ask      401  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  public
read     401  404  404  404  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  private
read     401  404  yes  yes  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  invited
read     401  403  yes  yes  403  403  yes  yes  403  403  yes  yes  yes  yes  403  gated
read     yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  public
weights  401  404  404  404  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  private
weights  401  404  yes  yes  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  invited
weights  401  403  yes  yes  403  403  yes  yes  403  403  yes  yes  yes  yes  403  gated
weights  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  open deprecated
weights  403  403  403  403  403  403  403  yes  403  403  yes  yes  yes  yes  403  revoked
propose  401  404  404  404  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  private
propose  401  404  yes  yes  404  404  yes  yes  yes  yes  yes  yes  yes  yes  404  invited
propose  401  403  yes  yes  403  403  yes  yes  403  403  yes  yes  yes  yes  403  gated
propose  401  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  yes  public
write    401  404  404  404  404  404  403  yes  403  403  yes  yes  yes  yes  404  private
write    401  404  403  403  404  404  403  yes  403  403  yes  yes  yes  yes  404  invited
write    401  403  403  403  403  403  403  yes  403  403  yes  yes  yes  yes  403  gated public
own      401  404  404  404  404  404  403  403  403  403  yes  yes  yes  yes  404  private
own      401  404  403  403  404  404  403  403  403  403  yes  yes  yes  yes  404  invited
own      401  403  403  403  403  403  403  403  403  403  yes  yes  yes  yes  403  gated public
edit     401  404  404  404  404  404  403  403  403  403  403  403  403  403  404  private
edit     401  404  403  403  404  404  403  403  403  403  403  403  403  403  404  invited
edit     401  403  403  403  403  403  403  403  403  403  403  403  403  403  403  gated public
handle   401  404  404  404  404  404  404  yes  404  404  yes  yes  yes  yes  404  private
handle   401  404  404  404  404  404  404  yes  404  404  yes  yes  yes  yes  404  invited
handle   401  404  404  404  404  404  404  yes  404  404  yes  yes  yes  yes  404  gated public
organise 401  404  404  404  404  404  403  403  403  403  403  403  yes  yes  404  private
organise 401  404  403  403  404  404  403  403  403  403  403  403  yes  yes  404  invited
organise 401  403  403  403  403  403  403  403  403  403  403  403  yes  yes  403  gated public
override 401  404  404  404  404  404  403  403  403  403  403  403  403  yes  404  private
override 401  404  403  403  404  404  403  403  403  403  403  403  403  yes  404  invited
override 401  403  403  403  403  403  403  403  403  403  403  403  403  yes  403  gated public
"""


class Row(NamedTuple):
    """What everybody is answered who wants this at that stage."""

    right: Right
    stage: Stage
    outcomes: dict[Who, Outcome]


def _rows() -> Iterator[Row]:
    for line in _TABLE.strip().splitlines()[1:]:
        right, *words = line.split()
        cells, places = words[: len(Who)], words[len(Who) :]
        outcomes = dict(zip(Who, map(Outcome, cells), strict=True))
        for stage in (stage for word in places for stage in _stages(word)):
            yield Row(Right(right), stage, outcomes)


def _stages(word: str) -> tuple[Stage, ...]:
    return _TOGETHER[word] if word in _TOGETHER else (Stage(word),)


ROWS: Final = tuple(_rows())
_BY_PLACE: Final = {(row.right, row.stage): row.outcomes for row in ROWS}


def outcome(right: Right, stage: Stage, who: Who) -> Outcome:
    """What somebody is answered."""
    return _BY_PLACE[right, stage][who]
