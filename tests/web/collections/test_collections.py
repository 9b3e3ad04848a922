"""Collections by forms alone: made, filled, put in order, noted, deleted, and who may not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from paddock.hub.people.accounts import create_org, get_account
from tests.hub.api.hosted import Hosted, host
from tests.live import LiveServer
from tests.web.visitors import Visitor, told, visitors


@pytest.fixture
def hosted(shared_server: LiveServer) -> Iterator[Hosted]:
    with host(shared_server) as made:
        yield made


@pytest.fixture
def people(hosted: Hosted) -> Iterator[list[Visitor]]:
    owner = hosted.repo_id.split("/")[0]
    with visitors(hosted.server, owner, f"{owner}-ann") as made:
        yield made


def names(page: str) -> list[str]:
    """The items of a collection, in their order."""
    return re.findall(r'<h2>.*?<a href="/([^"]+)"', page)


def items(page: str) -> list[str]:
    return re.findall(r'id="item-([0-9a-f]{24})"', page)


def test_a_collection_is_made_from_a_repository_and_found(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    value = f"model/{hosted.repo_id}"
    assert "You have no collections yet" in told(ann.read(f"/collections/add?repo={value}"))
    form = ann.read(f"/collections/new?repo={value}")
    assert f'name="repo" value="{value}"' in form
    made = ann.done("/collections/new", title="Small & good", description="<b>x</b>", repo=value)
    assert hosted.hf.get_collection(made.removeprefix("/collections/")).url.endswith(made)
    page = owner.read(made)
    assert "Small &amp; good" in page and "&lt;b&gt;x" in page and names(page) == [hosted.repo_id]
    assert "Edit" not in told(page)
    assert "It is in there" in told(ann.read(f"/collections/add?repo={value}"))
    assert "Small & good" in told(owner.read(f"/collections?q=SMALL&owner={ann.name}"))
    assert "Nothing matches" in told(owner.read(f"/collections?q=large&owner={ann.name}"))
    assert ann.send("/collections/new", title="small & GOOD").status_code == 409
    refused = ann.send("/collections/new", title="", description="kept words")
    assert refused.status_code == 400 and "kept words" in refused.text


def test_items_are_added_moved_noted_and_removed(hosted: Hosted, people: list[Visitor]) -> None:
    owner, _ = people
    made = owner.done("/collections/new", title="In order")
    repos = [f"{owner.name}/{name}" for name in ("one", "two", "three")]
    for repo in repos:
        hosted.hf.create_repo(repo)
        owner.done(f"{made}/items", kind="model", name=repo)
    assert names(owner.read(made)) == repos
    first, second, third = items(owner.read(made))
    assert owner.done(f"{made}/items/{third}/move", position="0").endswith(f"#item-{third}")
    assert items(owner.read(made)) == [third, first, second]
    owner.done(f"{made}/items/{third}/move", position="99")
    assert items(owner.read(made)) == [first, second, third]
    owner.done(f"{made}/items/{first}/note", note="**Start** here <script>x</script>")
    page = owner.read(made)
    assert "<strong>Start</strong> here &lt;script&gt;" in page
    owner.done(f"{made}/items/{second}/remove")
    assert names(owner.read(made)) == [repos[0], repos[2]]
    for path, fields in (
        ("items", {"kind": "model", "name": repos[0]}),
        ("items", {"kind": "model", "name": "nobody/nothing"}),
        ("items", {"kind": "paper", "name": "2301.00001"}),
        ("items", {"kind": "model", "name": "nonsense"}),
        (f"items/{second}/note", {"note": "gone"}),
        (f"items/{first}/note", {"note": "x" * 501}),
    ):
        refused = owner.send(f"{made}/{path}", **fields)
        assert refused.status_code in {400, 409} and 'role="alert"' in refused.text
    assert owner.send(f"{made}/items/{first}/move", position="-1").status_code == 400


def test_a_private_one_is_for_its_owner_and_what_is_hidden_in_one_is_hidden(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    hosted.hf.create_repo(f"{owner.name}/hidden", private=True)
    made = owner.done("/collections/new", title="Mine alone", private="1")
    owner.done(f"{made}/items", kind="model", name=f"{owner.name}/hidden")
    assert ann.get(made).status_code == 404
    assert ann.send(f"{made}/upvote").status_code == 404
    changed = owner.done(f"{made}/edit", title="For all", description="", theme="pink")
    assert changed != made and ann.get(made).status_code == 200
    assert names(ann.read(changed)) == [] and names(owner.read(changed)) == [f"{owner.name}/hidden"]
    assert "theme-pink" in ann.read(changed)
    assert owner.send(f"{changed}/edit", title="For all", theme="black").status_code == 400


def test_others_upvote_and_change_nothing(hosted: Hosted, people: list[Visitor]) -> None:
    owner, ann = people
    made = owner.done("/collections/new", title="Look", repo=f"model/{hosted.repo_id}")
    (item,) = items(owner.read(made))
    assert ann.done(f"{made}/upvote", wanted="1") == made
    assert "Upvoted 1" in told(ann.read(made))
    for path in ("edit", "delete", f"items/{item}/note", f"items/{item}/remove",
                 f"items/{item}/move", "items"):  # fmt: skip
        assert ann.send(f"{made}/{path}", title="Mine", note="x").status_code == 403
    for path in ("edit", "delete"):
        assert ann.get(f"{made}/{path}").status_code == 403
    slug = made.removeprefix("/collections/")
    refused = ann.send("/collections/add", repo=f"model/{hosted.repo_id}", slug=slug)
    assert refused.status_code == 403
    owner.read(f"{made}/delete")
    owner.done(f"{made}/delete")
    assert ann.get(made).status_code == 404


def test_organisations_have_some_and_one_may_be_in_another(
    hosted: Hosted, people: list[Visitor]
) -> None:
    owner, ann = people
    org = f"{owner.name}-lab"
    with hosted.server.hub.database.write() as conn:
        create_org(conn, org, owner=get_account(conn, owner.name))
    assert f"<option>{org}</option>" in owner.read("/collections/new")
    outer = owner.done("/collections/new", title="Outer", owner=org)
    inner = owner.done("/collections/new", title="Inner")
    owner.done(f"{outer}/items", kind="collection", name=inner)
    assert names(ann.read(outer)) == [inner.removeprefix("/")]
    assert ann.send("/collections/new", title="Mine", owner=org).status_code == 403
    for wrong in ("x", "model/", "paper/1", "model/a/b/c", "'"):
        assert owner.get(f"/collections/add?repo={wrong}").status_code in {400, 404}
    for missing in ("x", "a/b", "0" * 24, "a/b/edit", "%F0%9F%92%A9"):
        assert owner.get(f"/collections/{missing}").status_code == 404
