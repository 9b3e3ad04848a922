"""Users and organisations as lists name them, and the numbers of their overviews.

Every number counts what whoever asks may see: a stranger learns of nothing private.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub import access
from paddock.hub.catalogue import listing
from paddock.hub.collections.reach import visible_to
from paddock.hub.collections.tables import collections
from paddock.hub.discussions.tables import discussions
from paddock.hub.follows import follows
from paddock.hub.likes.likes import count_likes_of
from paddock.hub.people import accounts, members
from paddock.hub.profiles.pictures import avatar_path
from paddock.hub.profiles.profiles import Profile, profile_of
from paddock.hub.tables import repositories
from paddock.hub.types import Account, Caller, Kind


def render_user(account: Account) -> dict[str, Any]:
    """A user, or an organisation, as an item of a list of people."""
    return {
        "_id": account.public_id,
        "user": account.name,
        "fullname": account.full_name,
        "avatarUrl": avatar_path(account),
        "type": account.kind,
        "isPro": False,
    }


def render_account(account: Account) -> dict[str, Any]:
    """A user, or an organisation, as the author or the owner of something."""
    return {
        "_id": account.public_id,
        "name": account.name,
        "fullname": account.full_name,
        "avatarUrl": avatar_path(account),
        "type": account.kind,
    }


def render_org(account: Account) -> dict[str, Any]:
    """An organisation, as an item of a list of organisations."""
    return {
        "id": account.public_id,
        "name": account.name,
        "fullname": account.full_name,
        "avatarUrl": avatar_path(account),
    }


def user_overview(conn: sa.Connection, caller: Caller, user: Account) -> dict[str, Any]:
    """All that is told of a user."""
    following = follows.count_following(conn, user)
    orgs = accounts.orgs_of(conn, user)
    return {
        **render_user(user),
        **_profile(profile_of(conn, user)),
        "createdAt": clock.to_text(user.created_at),
        **_repositories(conn, caller, user),
        "numDiscussions": _discussions(conn, caller, user),
        "numPapers": 0,
        "numUpvotes": _upvotes(conn, caller, user),
        "numLikes": count_likes_of(conn, caller, user),
        "numFollowers": follows.count_followers(conn, user),
        "numFollowing": following["user"],
        "numFollowingOrgs": following["org"],
        "isFollowing": _is_following(conn, caller, user),
        "orgs": [render_org(membership.org) for membership in orgs],
    }


def org_overview(conn: sa.Connection, caller: Caller, org: Account) -> dict[str, Any]:
    """All that is told of an organisation."""
    return {
        "_id": org.public_id,
        **render_org(org),
        "type": "org",
        **_profile(profile_of(conn, org)),
        "isVerified": False,
        "createdAt": clock.to_text(org.created_at),
        "numUsers": members.count_members(conn, org),
        **_repositories(conn, caller, org),
        "numCollections": _collections(conn, caller, org),
        "numPapers": 0,
        "numFollowers": follows.count_followers(conn, org),
        "isFollowing": _is_following(conn, caller, org),
    }


def _profile(profile: Profile) -> dict[str, Any]:
    told = {"details": profile.details, "websiteUrl": profile.website, "github": profile.github}
    return {name: value for name, value in told.items() if value is not None}


def _repositories(conn: sa.Connection, caller: Caller, account: Account) -> dict[str, int]:
    counts = listing.count_by_kind(conn, caller, account)
    return {f"num{kind.capitalize()}s": counts[kind] for kind in Kind}


def _is_following(conn: sa.Connection, caller: Caller, account: Account) -> bool:
    return caller.account is not None and follows.is_following(conn, caller.account, account)


def _discussions(conn: sa.Connection, caller: Caller, user: Account) -> int:
    """How many discussions and pull requests a user has opened where the caller may look."""
    joined = discussions.join(repositories, repositories.c.id == discussions.c.repo_id)
    query = (
        sa.select(sa.func.count())
        .select_from(joined)
        .where(discussions.c.author_id == user.id, access.visible_to(caller))
    )
    return int(conn.execute(query).scalar_one())


def _upvotes(conn: sa.Connection, caller: Caller, user: Account) -> int:
    """How many upvotes a user's collections have been given."""
    query = sa.select(sa.func.coalesce(sa.func.sum(collections.c.upvotes), 0)).where(
        collections.c.owner_id == user.id, visible_to(caller)
    )
    return int(conn.execute(query).scalar_one())


def _collections(conn: sa.Connection, caller: Caller, account: Account) -> int:
    query = sa.select(sa.func.count()).where(
        collections.c.owner_id == account.id, visible_to(caller)
    )
    return int(conn.execute(query).scalar_one())
