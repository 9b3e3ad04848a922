"""Which revisions an advisory is about, on a history with branches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paddock.hub.advisories.affected import affected_tags, is_affected
from paddock.hub.advisories.values import Affected, Bound
from paddock.hub.lookup import find_repository
from paddock.hub.names import parse_repository_name
from paddock.hub.types import Kind
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


def test_a_range_follows_the_history_and_not_the_clock(hosted: Hosted) -> None:
    before, first = hosted.commit({"a": b"1"}), hosted.commit({"a": b"2"})
    hosted.hf.create_branch(hosted.repo_id, branch="old", revision=first)
    fixed = hosted.commit({"a": b"3"})
    after, beside = hosted.commit({"a": b"4"}), hosted.commit({"b": b"5"}, rev="old")
    for tag, oid in (("0.9", before), ("1.0", first), ("1.0.1", beside), ("1.1", fixed)):
        hosted.hf.create_tag(hosted.repo_id, tag=tag, revision=oid)
    begin, right, last = (Bound(oid, oid) for oid in (first, fixed, beside))

    def told(**bounds: Bound) -> str:
        """One letter for each commit that is affected."""
        with hosted.server.hub.database.read() as conn:
            repo = find_repository(conn, parse_repository_name(Kind.MODEL, hosted.repo_id))
            assert repo is not None
            affected = Affected(**bounds)
            tags = affected_tags(conn, repo, affected)
            named = {"0.9": before, "1.0": first, "1.0.1": beside, "1.1": fixed}
            for tag, oid in named.items():
                assert (tag in tags) == is_affected(conn, repo, affected, oid)
            oids = {"b": before, "f": first, "s": beside, "x": fixed, "a": after}
            return "".join(k for k, oid in oids.items() if is_affected(conn, repo, affected, oid))

    assert told() == "bfsxa"
    assert told(first=begin) == "fsxa"
    assert told(fixed=right) == "bfs"
    assert told(first=begin, fixed=right) == "fs"
    assert told(first=begin, last=last) == "fs"
    assert told(last=Bound(before, before)) == "b"
    gone = Bound("0" * 40, "0" * 40)  # a branch that was squashed: rather too many than too few
    assert told(first=gone) == told(last=gone) == told(fixed=gone) == "bfsxa"
