"""Who may write to which ref of a repository, and how much those may send who are not its writers.

A writer writes everywhere. Everyone else who may read the files and is signed in may open a pull
request, and write to the ref of their own as long as it is not over. What they upload counts for
the repository, as anything does that it holds; so there is a bound on the bytes of each of them,
and on the pull requests that they keep open.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from paddock.errors import Forbidden, TooLarge
from paddock.hub import access
from paddock.hub.discussions import arrivals
from paddock.hub.discussions.rules import NotNow
from paddock.hub.discussions.tables import contributions, discussions
from paddock.hub.discussions.values import Discussion, Status
from paddock.hub.git import refs
from paddock.hub.tables import accounts
from paddock.hub.types import Account, Caller, Repository
from paddock.storage.sql import insert_ignore

MAX_OPEN_OF_AN_OUTSIDER = 50


class TooMuchContributed(TooLarge):
    """Somebody sent as many bytes to a repository that is not theirs as one may."""

    code = "too_much_contributed"


class TooManyOpen(Forbidden):
    """Somebody keeps as many pull requests open as one may who is not a writer."""

    code = "too_many_open"


def require_ref(
    conn: sa.Connection, caller: Caller, repo: Repository, ref: str, *, create_pr: bool = False
) -> Account:
    """The signed-in account, which may write to the ref, or open a pull request from it.

    Raises Unauthorized, Forbidden, GatedForCaller, RevisionNotFound for a pull request that does
    not exist, and NotNow for one that is over.
    """
    discussion = None
    if ref.startswith(refs.PULL_REQUESTS) and not create_pr:
        discussion = arrivals.find_proposal(conn, repo, ref)
        if discussion is None:
            access.require_user(caller)
            raise refs.unknown_revision(ref)
    if not (create_pr or _is_own(caller, discussion)) or _writes(conn, caller, repo):
        access.require_write(conn, caller, repo)
    else:
        require_contributor(conn, caller, repo)
    if discussion is not None and discussion.status.is_over:
        raise NotNow(
            f"pull request {discussion.num} is {discussion.status}: it takes no more commits",
            hint="reopen it" if discussion.status is Status.CLOSED else "open a new one",
        )
    return access.require_user(caller)


def require_contributor(conn: sa.Connection, caller: Caller, repo: Repository) -> Account:
    """The signed-in account, which may send files of a pull request."""
    account = access.require_writing_token(caller)
    access.require_content(conn, caller, repo)
    return account


def is_outsider(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    """Whether what the caller sends is a contribution, and bounded as one."""
    return not _writes(conn, caller, repo)


def check_open(conn: sa.Connection, repo: Repository, author: Account) -> None:
    """Raise TooManyOpen when an outsider keeps too many pull requests open here."""
    c = discussions.c
    query = sa.select(sa.func.count()).where(
        c.repo_id == repo.id,
        c.author_id == author.id,
        c.is_pull_request,
        c.status.in_((Status.DRAFT, Status.OPEN)),
    )
    if int(conn.execute(query).scalar_one()) >= MAX_OPEN_OF_AN_OUTSIDER:
        raise TooManyOpen(
            f"you have {MAX_OPEN_OF_AN_OUTSIDER} open pull requests in {repo.full_name}",
            hint="close some of them first",
        )


def check_reopening(
    conn: sa.Connection, caller: Caller, repo: Repository, discussion: Discussion, status: Status
) -> None:
    """Raise TooManyOpen where this state would give an outsider one open pull request too many."""
    is_again = status is Status.OPEN and discussion.status is Status.CLOSED
    if is_again and discussion.proposal is not None and is_outsider(conn, caller, repo):
        check_open(conn, repo, access.require_user(caller))


def record_contribution(
    conn: sa.Connection,
    repo_id: int,
    user_id: int,
    sizes_bytes: Mapping[str, int],
    limit_bytes: int,
) -> None:
    """Count what an outsider sends, by SHA-256 or git id; each counts once, at its largest size.

    Sizes of large files are what was announced: who says less at first is counted again. Raises
    TooMuchContributed.
    """
    if not sizes_bytes:
        return
    # One request of a user after the other, so that no two of them fit where only one does.
    conn.execute(sa.select(accounts.c.id).where(accounts.c.id == user_id).with_for_update())
    rows = [
        {"repo_id": repo_id, "user_id": user_id, "sha256": sha256, "size_bytes": size_bytes}
        for sha256, size_bytes in sizes_bytes.items()
    ]
    insert_ignore(conn, contributions, rows)
    c = contributions.c
    smaller = contributions.update().where(
        c.repo_id == repo_id,
        c.user_id == user_id,
        c.sha256 == sa.bindparam("key"),
        c.size_bytes < sa.bindparam("now_bytes"),
    )
    conn.execute(
        smaller.values(size_bytes=sa.bindparam("now_bytes")),
        [{"key": key, "now_bytes": size_bytes} for key, size_bytes in sorted(sizes_bytes.items())],
    )
    total = sa.select(sa.func.coalesce(sa.func.sum(c.size_bytes), 0))
    sent = int(conn.execute(total.where(c.repo_id == repo_id, c.user_id == user_id)).scalar_one())
    check_sent(sent, limit_bytes)


def check_sent(sent_bytes: int, limit_bytes: int) -> None:
    """Raise TooMuchContributed for more bytes than one may send."""
    if sent_bytes > limit_bytes:
        raise TooMuchContributed(
            f"files for pull requests here would be {sent_bytes} bytes; "
            f"{limit_bytes} is your limit",
            hint="ask one of the repository's writers to upload them",
        )


def forget_contribution(conn: sa.Connection, repo: Repository, user: Account | None) -> None:
    """What somebody sent was taken over: it is the repository's own now."""
    if user is not None:
        c = contributions.c
        gone = contributions.delete().where(c.repo_id == repo.id, c.user_id == user.id)
        conn.execute(gone)


def _writes(conn: sa.Connection, caller: Caller, repo: Repository) -> bool:
    return caller.may_write and access.may_write(conn, caller, repo)


def _is_own(caller: Caller, discussion: Discussion | None) -> bool:
    return (
        discussion is not None
        and discussion.author is not None
        and caller.account is not None
        and caller.account.id == discussion.author.id
    )
