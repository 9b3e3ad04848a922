"""Following people and watching repositories, by their buttons."""

from __future__ import annotations

from paddock.hub.follows import follows
from paddock.hub.people.accounts import get_account
from tests.hub.api.hosted import host
from tests.live import LiveServer
from tests.web.visitors import Visitor, visitors


def followers(server: LiveServer, name: str) -> int:
    with server.hub.database.read() as conn:
        return follows.count_followers(conn, get_account(conn, name))


def test_a_person_follows_another_and_nobody_themselves(shared_server: LiveServer) -> None:
    with visitors(shared_server, "Fol-Ann", "fol-ben") as (ann, ben):
        assert ben.done("/follow/fol-ann", wanted="1") == "/Fol-Ann"
        assert followers(shared_server, "fol-ann") == 1
        ben.done("/follow/fol-ann", wanted="1")
        assert followers(shared_server, "fol-ann") == 1
        assert ann.send("/follow/fol-ann", wanted="1").status_code == 400
        assert ben.send("/follow/nobody-at-all").status_code == 404
        ben.done("/follow/fol-ann")
        assert followers(shared_server, "fol-ann") == 0


def test_a_muted_discussion_is_heard_of_no_more_until_that_is_taken_back(
    shared_server: LiveServer,
) -> None:
    def unread(one: Visitor) -> int:
        return one.read("/notifications").count('<span class="badge note">unread</span>')

    with host(shared_server) as hosted, visitors(shared_server, "mut-ann", "mut-ben") as people:
        ann, ben = people
        at = f"/{hosted.repo_id}/discussions"
        ann.done(f"{at}/new", title="Long <b>talk", text="hello @mut-ben")
        assert unread(ben) == 1
        assert "Mute it" in ben.read(f"{at}/1")  # looking reads it
        assert ben.done(f"{at}/1/mute", wanted="1") == f"{at}/1"
        assert ben.done(f"{at}/1/mute", wanted="1") == f"{at}/1"
        page = ben.read(f"{at}/1")
        assert "told of nothing in it" in page and "Hear of it again" in page
        ben.done(f"{at}/1/comment", text="I take part all the same")
        ann.done(f"{at}/1/comment", text="Once more, @mut-ben")
        assert unread(ben) == 0 and unread(ann) == 1
        ann.done(f"{at}/new", title="Another talk", text="hello @mut-ben")
        assert unread(ben) == 1
        muted = ben.read("/settings/notifications")
        assert "Long &lt;b&gt;talk" in muted and "Another talk" not in muted
        assert "Long" not in ann.read("/settings/notifications")
        back = ben.done(f"{at}/1/mute", wanted="0", next="/settings/notifications")
        assert back == "/settings/notifications" and "Muted" not in ben.read(back)
        ann.done(f"{at}/1/comment", text="And now?")
        assert unread(ben) == 2
        for wrong in ("9", "x", "1x"):
            assert ben.send(f"{at}/{wrong}/mute").status_code == 404
        assert ben.send(f"{at}/1/mute", wanted="yes").status_code == 400
        hosted.hf.update_repo_settings(hosted.repo_id, private=True)
        ben.send(f"{at}/2/mute")
        assert ben.send(f"{at}/1/mute").status_code == 404


def test_who_watches_is_told_of_everything(shared_server: LiveServer) -> None:
    def unread(one: Visitor) -> int:
        return one.read("/notifications").count('<span class="badge note">unread</span>')

    with host(shared_server) as hosted, visitors(shared_server, "wat-ann", "wat-ben") as people:
        ann, ben = people
        at = f"/{hosted.repo_id}"
        assert ben.done(f"{at}/watch") == at
        ann.done(f"{at}/discussions/new", title="A question", text="")
        assert unread(ben) == 1
        assert ben.done(f"{at}/watch", wanted="0", next=f"{at}/discussions/1").endswith("/1")
        ann.done(f"{at}/discussions/new", title="Another question", text="")
        assert unread(ben) == 1
