"""Every route that changes something leads to an entry of the audit log, or says why it does not.

Which functions a handler leads to is read from its code: whoever adds a route that notes nothing
writes its reason down here.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.routes import every_endpoint

_SAFE = {"GET", "HEAD", "OPTIONS"}
_READS = "it changes nothing: what is asked is too long for an address"
_REFUSES = "it always refuses"
_OWN = "what somebody has read or watches is theirs alone"
_TALK = "what is said stands in the discussion, with its author and history"
_LIKED = "likes and lists are public, counted, and give nobody a right"
_ON_THE_WAY = "bytes on their way: the commit that names them is noted"

# The module's name (and the function's) -> why nothing is noted.
REASONS = {
    "hub.api.refused": _REFUSES,
    "hub.api.legacy": _REFUSES,
    "hub.api.spaces.run": _REFUSES,
    "hub.api.tree.paths_info": _READS,
    "hub.api.validate": _READS,
    "hub.api.preupload": _READS,
    "hub.api.small": _READS,
    "hub.api.oauth.userinfo": _READS,
    "web.discussions.commenting.preview": _READS,
    "web.playground": "a model answers, and nothing is kept",
    "hub.api.lfs.": _ON_THE_WAY,
    "hub.api.lfs_objects": _ON_THE_WAY,
    "hub.api.cas": _ON_THE_WAY,
    "hub.api.lfs_locks": "a lock keeps nobody out: it is told to git-lfs",
    "hub.api.git.upload_pack": "it is a download, which the log of downloads notes",
    "hub.api.attachments": "a picture belongs to the comment that shows it",
    "hub.api.notifications": _OWN,
    "hub.api.notices": _OWN,
    "web.social.inbox": _OWN,
    "web.social.following": _OWN,
    "web.reports.own": _OWN,
    "web.account.notifications": _OWN,
    "hub.api.accounts": _LIKED,
    "hub.api.likes": _LIKED,
    "web.social.likes": _LIKED,
    "hub.api.collections": _LIKED,
    "web.collections": _LIKED,
    "hub.api.discussions.create": _TALK,
    "hub.api.discussion_events": _TALK,
    "web.discussions": _TALK,
    "hub.api.webhooks.replay_delivery": "the webhook's own log of deliveries tells it",
    "web.webhooks.one.send_again": "the webhook's own log of deliveries tells it",
    "web.account.confirming": "somebody proves again who they are: nothing else changes",
    "web.account.passkeys.begin": "a question to a passkey, which nothing follows by itself",
    "web.account.passkeys.confirm": "somebody proves again who they are: nothing else changes",
    "web.account.forgotten.ask": "a letter is sent, and nothing changes before it is used",
    "hub.api.oauth.start_device": "nothing is allowed before a person says so",
    "web.account.device.confirm_device": "nothing is allowed before a person says so",
    "hub.api.report_acts.say": "what is said stands in the report, with its author",
    "web.reports.replay_routes": "a replay stands in the report, with who asked for it",
}


def _changing() -> list[tuple[str, Any]]:
    found = {}
    for methods, path, endpoint in every_endpoint():
        if set(methods) - _SAFE:
            name = f"{endpoint.__module__.removeprefix('paddock.')}.{endpoint.__name__}"
            found[f"{name} {path}"] = endpoint
    return sorted(found.items())


def _called(function: Any) -> Iterator[Any]:
    """Functions of ours that the code of one names."""
    code, space = function.__code__, function.__globals__
    names: set[str] = set()
    codes = [code]
    while codes:
        one = codes.pop()
        names.update(one.co_names)
        codes.extend(c for c in one.co_consts if isinstance(c, types.CodeType))
    for name in names:
        value = space.get(name)
        values = [value]
        if isinstance(value, types.ModuleType):
            values = [getattr(value, other) for other in names if hasattr(value, other)]
        elif isinstance(value, dict):
            values = list(value.values())
        elif isinstance(value, type):
            values = [v for k, v in vars(value).items() if k in names or k == "__call__"]
        for found in values:
            inner = getattr(found, "__wrapped__", found)
            if isinstance(inner, types.FunctionType) and inner.__module__.startswith("paddock."):
                yield inner


def notes(endpoint: Any) -> bool:
    """Whether a handler leads to where an act is noted."""
    seen, waiting = set(), [endpoint]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        if function.__module__ == "paddock.hub.audit_log.noting":
            return True
        waiting.extend(_called(function))
    return False


@pytest.mark.parametrize(("name", "endpoint"), _changing())
def test_a_route_that_changes_something_notes_it_or_says_why_not(name: str, endpoint: Any) -> None:
    has_reason = any(name.startswith(prefix) for prefix in REASONS)
    assert has_reason or notes(endpoint), f"{name} notes no act, and no reason is written down"


def test_every_reason_is_for_a_route_that_is_there() -> None:
    names = [name for name, _ in _changing()]
    unused = [one for one in REASONS if not any(name.startswith(one) for name in names)]
    assert unused == []


def test_a_handler_that_notes_nothing_is_found() -> None:
    assert not notes(_changing)
