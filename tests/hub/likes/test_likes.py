"""Counts stay true when those who were counted go."""

from __future__ import annotations

from paddock.hub.people.accounts import get_account
from paddock.hub.people.leaving import delete_account
from tests.hub.http_calls import call
from tests.live import LiveServer


def test_the_likes_and_upvotes_of_a_deleted_user_are_counted_no_longer(
    server_on_each: LiveServer,
) -> None:
    server = server_on_each
    api = server.api(server.user("ann"))
    api.create_repo("ann/m")
    slug = api.create_collection("Mine").slug
    for token in (server.user("ben"), server.user("eve")):
        for path in ("/api/models/ann/m/like", f"/api/collections/{slug}/upvote"):
            assert call(server, "POST", path, token).is_success
    with server.hub.database.write() as conn:
        delete_account(conn, get_account(conn, "ben"))
    assert api.model_info("ann/m").likes == 1
    assert [user.username for user in api.list_repo_likers("ann/m")] == ["eve"]
    assert api.get_collection(slug).upvotes == 1
