"""Which refs may move, and how: the rules that need no look at what arrives.

Knows branches, tags and pull requests; does not know packs. ``main`` cannot be deleted and only
moves forward, unless the push says with ``-o force`` that its history is to be replaced: git's
own ``--force`` is not told to a server. Other branches move as their writers like. A tag stays
where it is until it is deleted. Pull requests are opened by the API, and take commits from whoever
may write to them. Everything else is the hub's own.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from paddock.errors import Conflict, Forbidden, shown
from paddock.hub import access
from paddock.hub.discussions import contributing
from paddock.hub.discussions.tables import discussions
from paddock.hub.errors import BadName
from paddock.hub.git import refs
from paddock.hub.git_http.push_request import Command
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Need, Repository

FORCE = "force"  # the push option


class RefRefused(Forbidden):
    """A ref that a push may not move like that."""

    code = "ref_refused"


class RefMoved(Conflict):
    """A ref is not where the push says it is: somebody was faster."""

    code = "ref_moved"


def open_for_push(conn: sa.Connection, caller: Caller, name: RepositoryName) -> Repository:
    """The repository, if the caller may move any ref of it; raises what ``access`` raises."""
    access.require_user(caller)
    repo = access.open_repository(conn, caller, name, Need.METADATA)
    if caller.may_write and _has_own_proposal(conn, caller, repo):
        contributing.require_contributor(conn, caller, repo)
    else:
        access.require_write(conn, caller, repo)
    return repo


def check_command(
    conn: sa.Connection, caller: Caller, repo: Repository, command: Command, taken: Collection[str]
) -> None:
    """Raise unless the ref may move so; ``taken`` are the refs there are, and those that will be.

    Raises RefRefused, RefMoved, BadName and what ``contributing.require_ref`` raises.
    """
    present = refs.find_ref(conn, repo, command.ref)
    _check_place(command, present)
    contributing.require_ref(conn, caller, repo, command.ref)
    if command.old != (present.oid if present else None):
        raise RefMoved(
            "somebody moved it since you fetched" if present else "it is not there any more",
            hint="fetch first, then push again",
        )
    if present is None:
        _refuse_nested(command.ref, taken)


def _check_place(command: Command, present: refs.Ref | None) -> None:
    name = command.ref
    if name.startswith(refs.BRANCHES):
        _check_name(name, refs.BRANCHES, present)
        if name == refs.MAIN and command.new is None:
            raise RefRefused("main is the default branch and cannot be deleted")
    elif name.startswith(refs.TAGS):
        _check_name(name, refs.TAGS, present)
        if present is not None and command.new is not None:
            hint = f"delete it first: git push origin :{name}"
            raise RefRefused("a tag stays where it is", hint=hint)
    elif name.startswith(refs.PULL_REQUESTS):
        if present is None:
            hint = "open one over the API or with `hf`, then push to its ref"
            raise RefRefused("there is no such pull request", hint=hint)
        if command.new is None:
            raise RefRefused("a pull request is closed, not deleted")
    else:
        hint = "push to refs/heads/, refs/tags/ or the ref of a pull request"
        raise RefRefused("only branches, tags and pull requests can be pushed", hint=hint)


def _check_name(name: str, prefix: str, present: refs.Ref | None) -> None:
    if present is None:
        refs.check_short_name(name.removeprefix(prefix))


def _refuse_nested(name: str, taken: Collection[str]) -> None:
    """Git cannot hold both ``a`` and ``a/b``: a clone would fail."""
    parts = name.split("/")
    for length in range(3, len(parts)):
        if (above := "/".join(parts[:length])) in taken:
            raise BadName(f"{shown(above)} exists, so {shown(name)} cannot")
    if any(other.startswith(f"{name}/") for other in taken):
        raise BadName(f"{shown(name)} cannot be, because there is something below it")


def _has_own_proposal(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    if caller.account is None:
        return False
    query = sa.select(discussions.c.num).where(
        discussions.c.repo_id == repo.id,
        discussions.c.author_id == caller.account.id,
        discussions.c.is_pull_request,
    )
    return conn.execute(query.limit(1)).first() is not None
