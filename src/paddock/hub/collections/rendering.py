"""What the API tells of a collection (hub protocol 13).

``Eyes`` holds what depends on who asks, loaded for all that an answer names at once; the rest is
pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from paddock import clock
from paddock.hub.collections.collections import Collection
from paddock.hub.collections.items import Contents, Item
from paddock.hub.collections.tables import collection_upvotes
from paddock.hub.follows.tables import follows
from paddock.hub.likes.tables import likes
from paddock.hub.profiles.overview import render_account
from paddock.hub.types import Account, Caller, Kind, Repository
from paddock.markdown import render_note
from paddock.storage.sql import in_chunks


@dataclass(frozen=True, slots=True)
class Eyes:
    """What one caller and one answer need to know beside the rows themselves."""

    endpoint: str
    liked: frozenset[int]  # repositories
    upvoted: frozenset[int]  # collections
    followed: frozenset[int]  # accounts
    followers: dict[int, int]  # of accounts


def look(
    conn: sa.Connection,
    caller: Caller,
    endpoint: str,
    found: Iterable[Collection],
    contents: dict[int, Contents],
) -> Eyes:
    """Load what the rendering of these collections and their contents will ask."""
    targets = [item.target for held in contents.values() for item in held.items]
    nested = [target for target in targets if isinstance(target, Collection)]
    repo_ids = {target.id for target in targets if isinstance(target, Repository)}
    all_of_them = [*found, *nested]
    owner_ids = {collection.owner.id for collection in all_of_them}
    me = caller.account
    return Eyes(
        endpoint=endpoint,
        liked=_mine(conn, likes.c.repo_id, likes.c.user_id, me, repo_ids),
        upvoted=_mine(
            conn,
            collection_upvotes.c.collection_id,
            collection_upvotes.c.user_id,
            me,
            {collection.id for collection in all_of_them},
        ),
        followed=_mine(conn, follows.c.followed_id, follows.c.follower_id, me, owner_ids),
        followers=_followers(conn, owner_ids),
    )


def render_collection(collection: Collection, contents: Contents, eyes: Eyes) -> dict[str, Any]:
    """One collection with its position, as the answer about it alone is."""
    return {**render_listed(collection, contents, eyes), "position": collection.position}


def render_listed(collection: Collection, contents: Contents, eyes: Eyes) -> dict[str, Any]:
    """One of many: without its position, which the stock client numbers itself."""
    return {
        **_summary(collection, eyes),
        "gating": False,
        "private": collection.is_private,
        "numberItems": contents.total,
        "items": [_item(item, eyes) for item in contents.items],
    }


def _summary(collection: Collection, eyes: Eyes) -> dict[str, Any]:
    return {
        "slug": collection.slug,
        "title": collection.title,
        "description": collection.description,
        "lastUpdated": clock.to_text(collection.updated_at),
        "owner": _owner(collection.owner, eyes),
        "theme": collection.theme,
        "upvotes": collection.upvotes,
        "isUpvotedByUser": collection.id in eyes.upvoted,
        "shareUrl": f"{eyes.endpoint}/collections/{collection.slug}",
    }


def _owner(account: Account, eyes: Eyes) -> dict[str, Any]:
    return {
        **render_account(account),
        "isHf": False,
        "isHfAdmin": False,
        "isMod": False,
        "followerCount": eyes.followers.get(account.id, 0),
        "isUserFollowing": account.id in eyes.followed,
    }


def _item(item: Item, eyes: Eyes) -> dict[str, Any]:
    rendered: dict[str, Any] = {"_id": item.public_id, "position": item.position}
    if item.note is not None:
        rendered["note"] = {"text": item.note, "html": render_note(item.note)}
    if isinstance(item.target, Collection):
        nested = _summary(item.target, eyes)
        return {**rendered, **nested, "type": "collection", "id": item.target.public_id}
    return {**rendered, **_repository(item.target, eyes)}


def _repository(repo: Repository, eyes: Eyes) -> dict[str, Any]:
    facts = repo.facts or {}
    rendered = {
        "type": str(repo.kind),
        "repoType": str(repo.kind),
        "id": repo.full_name,
        "author": repo.namespace,
        "private": repo.is_private,
        "gated": repo.gated or False,
        "downloads": repo.downloads,
        "likes": repo.likes,
        "isLikedByUser": repo.id in eyes.liked,
        "lastModified": clock.to_text(repo.updated_at),
    }
    if repo.kind is Kind.MODEL and facts.get("pipeline_tag"):
        rendered["pipeline_tag"] = facts["pipeline_tag"]
    if repo.kind is Kind.SPACE:
        rendered |= _space(repo)
    return rendered


def _space(repo: Repository) -> dict[str, Any]:
    card = repo.card or {}
    words = {
        "title": repo.full_name.partition("/")[2],
        "emoji": "",
        "colorFrom": "gray",
        "colorTo": "gray",
    }
    words |= {key: card[key] for key in words if isinstance(card.get(key), str)}
    return {
        **words,
        "sdk": repo.sdk,
        "createdAt": clock.to_text(repo.created_at),
        "tags": (repo.facts or {}).get("tags", []),
        "pinned": False,
        "featured": False,
        "runtime": {
            "stage": "NO_APP_FILE",
            "hardware": {"current": None, "requested": None},
            "storage": None,
            "replicas": {"requested": 1},
        },
    }


def _mine(
    conn: sa.Connection,
    wanted: sa.Column[int],
    user: sa.Column[int],
    me: Account | None,
    ids: set[int],
) -> frozenset[int]:
    if me is None:
        return frozenset()
    found: set[int] = set()
    for some in in_chunks(sorted(ids)):
        query = sa.select(wanted).where(user == me.id, wanted.in_(some))
        found.update(conn.execute(query).scalars())
    return frozenset(found)


def _followers(conn: sa.Connection, ids: set[int]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for some in in_chunks(sorted(ids)):
        query = (
            sa.select(follows.c.followed_id, sa.func.count())
            .where(follows.c.followed_id.in_(some))
            .group_by(follows.c.followed_id)
        )
        counts.update((id_, count) for id_, count in conn.execute(query))
    return counts
