"""The inbox: what somebody was told, read by looking, marked by buttons."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from paddock.hub.lookup import find_repository
from paddock.hub.names import parse_address
from paddock.hub.notifications.notices import NewNotice, notify
from paddock.hub.people.accounts import get_account
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer
from tests.web.visitors import Visitor, told, visitors

UNREAD = '<span class="badge note">unread</span>'


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture
def people(hosted: Hosted) -> Iterator[list[Visitor]]:
    owner = hosted.repo_id.split("/")[0]
    with visitors(hosted.server, owner, f"{owner}-ann") as made:
        yield made


def test_looking_at_a_discussion_reads_its_notification(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    assert "Nothing unread" in told(owner.read("/notifications"))
    ann.done(f"{at}/new", title="A <b>question</b>", text=f"@{owner.name}")
    inbox = owner.read("/notifications")
    assert inbox.count(UNREAD) == 1 and "A &lt;b&gt;question" in inbox
    assert "called by name" in told(inbox) and f"with {ann.name}" in told(inbox)
    link = re.search(rf'href="({at}/1\?at=[0-9a-f]+#[0-9a-f]+)"', inbox)
    assert link
    ann.read(f"{at}/1")
    assert owner.read("/notifications").count(UNREAD) == 1
    assert owner.get(link[1]).status_code == 200
    assert "Nothing unread" in told(owner.read("/notifications"))
    everything = owner.read("/notifications?show=all")
    assert "Mark as unread" in told(everything)
    one = re.search(r'name="id" value="([0-9a-f]{24})"', everything)
    assert one
    owner.done("/notifications/mark", id=one[1], read="0")
    assert owner.read("/notifications").count(UNREAD) == 1
    ann.done("/notifications/mark", id=one[1], read="1")
    assert owner.read("/notifications").count(UNREAD) == 1


def test_all_of_a_repository_are_marked_but_not_what_came_since(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    hosted.hf.create_repo(f"{owner.name}/other")
    for repo in (hosted.repo_id, hosted.repo_id, f"{owner.name}/other"):
        ann.done(f"/{repo}/discussions/new", title="A question", text="")
    inbox = owner.read("/notifications")
    assert f"{hosted.repo_id} 2 unread" in told(inbox)
    narrow = f"/notifications?repo=model%2F{hosted.repo_id.replace('/', '%2F')}"
    assert owner.read(narrow).count(UNREAD) == 2
    until = re.search(r'name="until" value="([^"]+)"', inbox)
    assert until
    ann.done(f"/{hosted.repo_id}/discussions/new", title="Since then", text="")
    fields = {"all": "1", "until": until[1], "repo": f"model/{hosted.repo_id}"}
    assert owner.done("/notifications/mark", **fields) == narrow
    assert "Since then" in told(owner.read(narrow))
    assert owner.read("/notifications").count(UNREAD) == 2
    for wrong in ("", "yesterday", "0001-01-01T00:00:00+14:00"):
        assert owner.send("/notifications/mark", all="1", until=wrong).status_code == 400
    for repo in ("x", "model/x", "paper/1", "model/", "'", "model/a/b/c"):
        assert owner.read(f"/notifications?repo={repo}").count(UNREAD) == 0


def test_notices_have_a_list_of_their_own(hosted: Hosted, people: list[Visitor]) -> None:
    owner, _ = people
    with hosted.server.hub.database.write() as conn:
        repo = find_repository(conn, parse_address(hosted.repo_id))
        assert repo is not None
        told_of = [get_account(conn, owner.name).id]
        for subject in ("report:1", "report:2"):
            notify(conn, repo, told_of, NewNotice(subject, "A <b>report</b>", "/reports/1"))
    notices = owner.read("/notifications?about=notices")
    assert notices.count(UNREAD) == 2 and "A &lt;b&gt;report" in notices
    assert f'href="/{hosted.repo_id}/reports/1"' in notices
    owner.done("/notifications/mark", about="notices", subject="report:1", read="1")
    assert owner.read("/notifications?about=notices").count(UNREAD) == 1
    owner.done("/notifications/mark", about="notices", all="1")
    assert "Nothing unread" in told(owner.read("/notifications?about=notices"))
    assert "A <b>report</b>" in told(owner.read("/notifications?about=notices&show=all")).replace(
        "&lt;", "<"
    )


def test_what_may_no_longer_be_seen_is_not_told(hosted: Hosted, people: list[Visitor]) -> None:
    owner, ann = people
    at = f"/{hosted.repo_id}/discussions"
    ann.done(f"{at}/new", title="A question", text="")
    owner.done(f"{at}/1/comment", text="a secret answer")
    assert ann.read("/notifications").count(UNREAD) == 1
    hosted.hf.update_repo_settings(hosted.repo_id, private=True)
    page = ann.read("/notifications")
    assert page.count(UNREAD) == 0 and hosted.repo_id not in told(page)
