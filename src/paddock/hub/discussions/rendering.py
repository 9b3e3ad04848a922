"""Discussions and their events in the words of the API and of webhooks.

Pure. Accounts that are gone are left out, never null: clients show such authors as "deleted".
"""

from __future__ import annotations

from typing import Any

from paddock import clock
from paddock.hub.discussions.values import Comment, Discussion, Event, Version
from paddock.hub.profiles.overview import render_account
from paddock.hub.types import Account, Repository

HIDDEN_TEXT = "This comment has been hidden"


def render_discussion(repo: Repository, discussion: Discussion) -> dict[str, Any]:
    """A discussion as lists show it."""
    return {
        "id": discussion.public_id,
        "num": discussion.num,
        "title": discussion.title,
        "status": str(discussion.status),
        "isPullRequest": discussion.proposal is not None,
        "pinned": discussion.is_pinned,
        "createdAt": clock.to_text(discussion.created_at),
        "updatedAt": clock.to_text(discussion.updated_at),
        **_author(discussion.author),
        "repo": {"name": repo.full_name, "type": str(repo.kind)},
        "numComments": discussion.comment_count,
        "numReactionUsers": 0,
        "topReactions": [],
    }


def render_changes(discussion: Discussion) -> dict[str, Any]:
    """What a pull request is for, and what became of it."""
    if discussion.proposal is None:
        return {}
    changes: dict[str, Any] = {"base": discussion.proposal.base_ref}
    if discussion.proposal.merge_oid is not None:
        changes["mergeCommitId"] = discussion.proposal.merge_oid
    return changes


def render_event(event: Event) -> dict[str, Any]:
    """Something that happened."""
    return {
        "id": event.public_id,
        "type": str(event.type),
        "createdAt": clock.to_text(event.created_at),
        **_author(event.author),
        "data": _comment(event.comment) if event.comment else dict(event.facts),
    }


def discussion_fact(repo: Repository, discussion: Discussion) -> dict[str, Any]:
    """What webhooks are told of a discussion; addresses are paths of this hub."""
    fact: dict[str, Any] = {
        "id": discussion.public_id,
        "num": discussion.num,
        "title": discussion.title,
        "status": str(discussion.status),
        "isPullRequest": discussion.proposal is not None,
        "url": {
            "web": web_path(repo, discussion),
            "api": f"{repo.api_path}/discussions/{discussion.num}",
        },
    }
    if discussion.author is not None:
        fact["author"] = {"id": discussion.author.public_id}
    if discussion.proposal is not None:
        fact["changes"] = render_changes(discussion)
    return fact


def comment_fact(repo: Repository, discussion: Discussion, event: Event) -> dict[str, Any]:
    """What webhooks are told of a comment."""
    comment = event.comment
    fact: dict[str, Any] = {
        "id": event.public_id,
        "hidden": comment is not None and comment.is_hidden,
        "url": {"web": f"{web_path(repo, discussion)}#{event.public_id}"},
    }
    if event.author is not None:
        fact["author"] = {"id": event.author.public_id}
    if comment is not None and not comment.is_hidden:
        fact["content"] = comment.latest.raw
    return fact


def web_path(repo: Repository, discussion: Discussion) -> str:
    """Where a discussion's page is."""
    return f"{repo.web_path}/discussions/{discussion.num}"


def _author(account: Account | None) -> dict[str, Any]:
    return {} if account is None else {"author": render_account(account)}


def _comment(comment: Comment) -> dict[str, Any]:
    if comment.is_hidden:
        html = f"<p><em>{HIDDEN_TEXT}</em></p>\n"
        latest = comment.latest._replace(raw=HIDDEN_TEXT, html=html)
        hider = comment.hider
        hidden = {"hiddenBy": hider.name} if hider else {}
    else:
        latest, hidden = comment.latest, {}
    writers = [v.author for v in (*comment.history, comment.latest) if v.author is not None]
    return {
        "edited": bool(comment.history),
        "hidden": comment.is_hidden,
        **hidden,
        "latest": _version(latest),
        "history": [_version(version) for version in comment.history],
        "numEdits": len(comment.history),
        "editors": list(dict.fromkeys(writer.name for writer in writers)),
        "reactions": [],
    }


def _version(version: Version) -> dict[str, Any]:
    return {
        "raw": version.raw,
        "html": version.html,
        "updatedAt": clock.to_text(version.written_at),
        **_author(version.author),
    }
