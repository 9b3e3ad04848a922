"""Collections, as the stock client and the command line use them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub import Collection, HfApi
from huggingface_hub.errors import HfHubHTTPError

from tests.hub.http_calls import call
from tests.live import LiveServer


@pytest.fixture(scope="module")
def ann(shared_server: LiveServer) -> HfApi:
    api = shared_server.api(shared_server.user("ann"))
    shared_server.user("ben")
    shared_server.org("club", "ann")
    for name in ("ann/one", "ann/two", "ann/three"):
        api.create_repo(name)
    api.create_repo("ann/rows", repo_type="dataset")
    api.create_repo("ann/app", repo_type="space", space_sdk="gradio")
    api.create_repo("ann/secret", private=True)
    return api


def names(collection: Collection) -> list[str]:
    return [item.item_id for item in collection.items]


def status_of(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    return error.value.response.status_code


def test_a_collection_is_made_filled_described_and_deleted(ann: HfApi) -> None:
    made = ann.create_collection("My first models!", description="All *mine*")
    assert made.slug.startswith("ann/my-first-models-") and len(made.slug.split("-")[-1]) == 24
    assert (made.title, made.description, made.private) == ("My first models!", "All *mine*", False)
    ann.add_collection_item(made.slug, "ann/one", "model", note="the **first** <b>x</b>")
    ann.add_collection_item(made.slug, "ann/rows", "dataset")
    filled = ann.add_collection_item(made.slug, "ANN/app", "space")
    assert [(i.item_id, i.item_type, i.position) for i in filled.items] == [
        ("ann/one", "model", 0), ("ann/rows", "dataset", 1), ("ann/app", "space", 2),
    ]  # fmt: skip
    assert filled.items[0].note == "the **first** <b>x</b>"
    ann.update_collection_item(made.slug, filled.items[2].item_object_id, position=0, note="now")
    ann.delete_collection_item(made.slug, filled.items[1].item_object_id)
    ann.delete_collection_item(made.slug, filled.items[1].item_object_id, missing_ok=True)
    now = ann.get_collection(made.slug)
    assert [(i.item_id, i.position, i.note) for i in now.items] == [
        ("ann/app", 0, "now"), ("ann/one", 1, "the **first** <b>x</b>"),
    ]  # fmt: skip
    ann.delete_collection(made.slug)
    ann.delete_collection(made.slug, missing_ok=True)
    with pytest.raises(HfHubHTTPError) as gone:
        ann.get_collection(made.slug)
    assert status_of(gone) == 404


def test_a_note_is_markdown_that_holds_no_script(shared_server: LiveServer, ann: HfApi) -> None:
    made = ann.create_collection("Notes")
    note = "**bold** <script>alert(1)</script> [x](javascript:alert(1)) ![y](http://e/p.png)"
    ann.add_collection_item(made.slug, "ann/one", "model", note=note)
    shown = call(shared_server, "GET", f"/api/collections/{made.slug}").json()["items"][0]["note"]
    assert shown["text"] == note
    assert "<strong>bold</strong>" in shown["html"]
    assert not any(bad in shown["html"] for bad in ("<script", 'href="java', "<img"))


def test_a_title_is_taken_once_and_exists_ok_leads_to_it(ann: HfApi) -> None:
    first = ann.create_collection("Taken")
    assert ann.create_collection("taken", exists_ok=True).slug == first.slug
    with pytest.raises(HfHubHTTPError) as taken:
        ann.create_collection("Taken")
    assert status_of(taken) == 409
    other = ann.create_collection("Free")
    with pytest.raises(HfHubHTTPError) as taken:
        ann.update_collection_metadata(other.slug, title="TAKEN")
    assert status_of(taken) == 409
    assert ann.create_collection("Taken", namespace="club").slug.startswith("club/taken-")


def test_the_slug_follows_the_title_and_the_old_one_still_leads(ann: HfApi) -> None:
    old = ann.create_collection("Old words")
    new = ann.update_collection_metadata(old.slug, title="Neue Wörter", theme="green")
    assert new.slug.startswith("ann/neue-worter-") and new.theme == "green"
    assert ann.get_collection(old.slug).slug == new.slug
    assert ann.get_collection(f"whoever/{old.slug[-24:]}").slug == new.slug
    assert ann.create_collection("日本語").slug.count("-") == 0


def test_collections_of_an_owner_keep_the_order_they_are_put_in(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("orderly"))
    slugs = [api.create_collection(title).slug for title in "abcd"]
    api.update_collection_metadata(slugs[3], position=0)
    api.update_collection_metadata(slugs[0], position=99)
    api.delete_collection(slugs[1])
    listed = list(api.list_collections(owner="orderly"))
    assert [one.title for one in listed] == ["d", "c", "a"]
    assert [api.get_collection(one.slug).position for one in listed] == [0, 1, 2]


def test_a_private_collection_does_not_exist_for_others(
    shared_server: LiveServer, ann: HfApi
) -> None:
    hidden = ann.create_collection("Hidden", private=True)
    shared = ann.create_collection("Members only", namespace="club", private=True)
    ben, stranger = shared_server.api(shared_server.user("ben")), shared_server.api()
    for api in (ben, stranger):
        for ask in (
            lambda api=api: api.get_collection(hidden.slug),
            lambda api=api: api.update_collection_metadata(hidden.slug, title="Mine"),
            lambda api=api: api.delete_collection(shared.slug),
            lambda api=api: api.add_collection_item(shared.slug, "ann/one", "model"),
        ):
            with pytest.raises(HfHubHTTPError) as refused:
                ask()
            assert status_of(refused) == 404
        assert not {hidden.slug, shared.slug} & {one.slug for one in api.list_collections()}
    assert hidden.slug in {one.slug for one in ann.list_collections(owner="ann")}
    assert call(shared_server, "POST", f"/api/collections/{hidden.slug}/upvote").status_code == 404


def test_others_may_look_but_not_touch(shared_server: LiveServer, ann: HfApi) -> None:
    made = ann.create_collection("Look")
    ben = shared_server.api(shared_server.user("ben"))
    assert ben.get_collection(made.slug).title == "Look"
    for change in (
        lambda: ben.delete_collection(made.slug),
        lambda: ben.update_collection_metadata(made.slug, private=True),
        lambda: ben.add_collection_item(made.slug, "ann/one", "model"),
        lambda: ben.create_collection("x", namespace="ann"),
        lambda: ben.create_collection("x", namespace="club"),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            change()
        assert status_of(refused) == 403
    assert call(shared_server, "DELETE", f"/api/collections/{made.slug}").status_code == 401


def test_items_that_the_viewer_may_not_see_are_not_told_of(
    shared_server: LiveServer, ann: HfApi
) -> None:
    made = ann.create_collection("Mixed")
    nested = ann.create_collection("Inner secret", private=True)
    for item in ("ann/secret", "ann/one", "ann/two"):
        ann.add_collection_item(made.slug, item, "model")
    ann.add_collection_item(made.slug, nested.slug, "collection")
    assert names(ann.get_collection(made.slug)) == ["ann/secret", "ann/one", "ann/two", nested.slug]
    seen = shared_server.api().get_collection(made.slug)
    assert [(i.item_id, i.position) for i in seen.items] == [("ann/one", 0), ("ann/two", 1)]
    raw = call(shared_server, "GET", f"/api/collections/{made.slug}")
    assert raw.json()["numberItems"] == 2 and "secret" not in raw.text
    assert [c.slug for c in ann.list_collections(item="models/ann/secret")] == [made.slug]
    for item in ("models/ann/secret", "models/no/such", f"collections/{nested.slug}", "papers/1"):
        assert list(shared_server.api().list_collections(item=item)) == []


def test_an_editor_who_sees_less_moves_what_they_see(shared_server: LiveServer) -> None:
    owner, editor = shared_server.user("own"), shared_server.user("edit")
    api = shared_server.api(owner)
    shared_server.org("team", "own")
    body = {"user": "edit", "role": "write"}
    assert call(
        shared_server, "POST", "/api/organizations/team/members", owner, json=body
    ).is_success
    for name in ("own/a", "own/b", "own/c"):
        api.create_repo(name)
    api.create_repo("own/x", private=True)
    slug = api.create_collection("Ours", namespace="team").slug
    for name in ("own/a", "own/x", "own/b", "own/c"):
        made = api.add_collection_item(slug, name, "model")
    last = made.items[3].item_object_id
    shared_server.api(editor).update_collection_item(slug, last, position=1)
    assert names(shared_server.api(editor).get_collection(slug)) == ["own/a", "own/c", "own/b"]
    assert names(api.get_collection(slug)) == ["own/a", "own/x", "own/c", "own/b"]


def test_renamed_repositories_stay_and_deleted_ones_go(ann: HfApi) -> None:
    made = ann.create_collection("Moving")
    ann.create_repo("ann/goes")
    ann.create_repo("ann/moves")
    for name in ("ann/goes", "ann/moves", "ann/one"):
        ann.add_collection_item(made.slug, name, "model")
    ann.move_repo("ann/moves", "ann/moved")
    ann.delete_repo("ann/goes")
    now = ann.get_collection(made.slug)
    assert [(i.item_id, i.position) for i in now.items] == [("ann/moved", 0), ("ann/one", 1)]
    with pytest.raises(HfHubHTTPError) as twice:
        ann.add_collection_item(made.slug, "ann/moves", "model")  # its old name leads to it
    assert status_of(twice) == 409
    again = ann.add_collection_item(made.slug, "ann/moved", "model", exists_ok=True)
    assert len(again.items) == 2


def test_what_cannot_be_an_item_is_refused_with_a_reason(ann: HfApi) -> None:
    made = ann.create_collection("Refusals")
    for item, type_, status in (
        ("ann/nothing", "model", 404),
        ("ann/one", "dataset", 404),
        ("2307.09288", "paper", 400),
        ("ann/bucket", "bucket", 400),
        ("ann/none-000000000000000000000000", "collection", 404),
        ("not-a-repository", "model", 400),
    ):
        with pytest.raises(HfHubHTTPError) as refused:
            ann.add_collection_item(made.slug, item, type_)
        assert status_of(refused) == status, item
    assert ann.get_collection(made.slug).items == []


def test_a_collection_may_hold_another_or_itself(shared_server: LiveServer, ann: HfApi) -> None:
    outer, inner = ann.create_collection("Outer"), ann.create_collection("Inner")
    ann.add_collection_item(outer.slug, inner.slug, "collection")
    held = ann.add_collection_item(outer.slug, outer.slug[-24:], "collection")
    assert names(held) == [inner.slug, outer.slug]
    raw = call(shared_server, "GET", f"/api/collections/{outer.slug}").json()["items"][0]
    assert raw["id"] == inner.slug[-24:] and raw["owner"]["name"] == "ann"


def test_upvotes_are_given_once_and_taken_back(shared_server: LiveServer, ann: HfApi) -> None:
    made = ann.create_collection("Popular")
    ben = shared_server.user("ben")
    path = f"/api/collections/{made.slug}/upvote"
    for _ in range(2):
        assert call(shared_server, "POST", path, ben).json()["upvotes"] == 1
    assert call(shared_server, "POST", path).status_code == 401
    mine = call(shared_server, "GET", f"/api/collections/{made.slug}", ben).json()
    assert (mine["upvotes"], mine["isUpvotedByUser"]) == (1, True)
    assert ann.get_user_overview("ann").num_upvotes == 1
    for sort in ("upvotes", "trending"):
        assert next(iter(ann.list_collections(sort=sort))).slug == made.slug
    for _ in range(2):
        assert call(shared_server, "DELETE", path, ben).json()["upvotes"] == 0


def test_lists_are_searched_sorted_and_paged(shared_server: LiveServer) -> None:
    api = shared_server.api(shared_server.user("lister"))
    slugs = [api.create_collection(f"Shelf {number}").slug for number in range(5)]
    api.update_collection_metadata(slugs[1], description="touched")
    latest = list(api.list_collections(owner="lister", sort="lastModified"))
    assert [one.slug for one in latest] == [slugs[n] for n in (1, 4, 3, 2, 0)]
    assert len(list(api.list_collections(owner=["lister"], limit=3))) == 3
    for sort in ("lastModified", "upvotes", "trending", None):
        query = f"owner=lister&limit=2{f'&sort={sort}' if sort else ''}"
        seen, path = [], f"/api/collections?{query}"
        while path:
            answer = call(shared_server, "GET", path)
            seen += [one["slug"] for one in answer.json()]
            path = answer.links.get("next", {}).get("url", "").removeprefix(shared_server.url)
        assert sorted(seen) == sorted(slugs)
    found = call(shared_server, "GET", "/api/collections?q=shelf%203&owner=LISTER").json()
    assert [one["title"] for one in found] == ["Shelf 3"]
    for query in ("q=%00", "q=100%25", "owner=%00", "owner=nobody", "item=models/x"):
        assert call(shared_server, "GET", f"/api/collections?{query}").json() == []
    for query in ("sort=best", "cursor=x", "limit=many", "&".join(["owner=x"] * 30)):
        assert call(shared_server, "GET", f"/api/collections?{query}").status_code == 400


def test_bad_input_is_refused(shared_server: LiveServer, ann: HfApi) -> None:
    token = shared_server.user("ann")
    slug = ann.create_collection("Strict").slug
    for body in (
        {"title": ""}, {"title": " \n"}, {"title": "x" * 121}, {"title": "a\x00b"}, {},
        {"title": "x", "description": "x" * 151}, {"title": "x", "theme": "black"},
        {"title": "x", "private": "yes"}, {"title": ["x"]}, {"title": "\ud800"},
    ):  # fmt: skip
        answer = call(
            shared_server, "POST", "/api/collections", token, content=json.dumps(body).encode()
        )
        assert answer.status_code == 400, body
    for body in ({"position": -1}, {"position": 2**40}, {"position": "1"}, {"title": "\x1b[31m"}):
        path = f"/api/collections/{slug}"
        assert call(shared_server, "PATCH", path, token, json=body).status_code == 400, body
    for path in ("x", "ann/x", f"ann/{'0' * 24}", "ann/%00", "ann/x-0000%FF"):
        assert call(shared_server, "GET", f"/api/collections/{path}").status_code in {400, 404}
    path = f"/api/collections/{slug}/items/{'0' * 24}"
    assert call(shared_server, "PATCH", path, token, json={"note": "x"}).status_code == 404


def test_many_items_are_moved_in_one_batch_or_not_at_all(
    shared_server: LiveServer, ann: HfApi
) -> None:
    token = shared_server.user("ann")
    slug = ann.create_collection("Batch").slug
    for name in ("ann/one", "ann/two", "ann/three"):
        made = ann.add_collection_item(slug, name, "model")
    ids = [item.item_object_id for item in made.items]
    path = f"/api/collections/{slug}/items/batch"
    body = [
        {"action": "update", "_id": ids[2], "data": {"position": 0}},
        {"action": "delete", "_id": ids[1]},
    ]
    assert call(shared_server, "POST", path, token, json=body).status_code == 200
    assert names(ann.get_collection(slug)) == ["ann/three", "ann/one"]
    assert call(shared_server, "POST", path, token, json=body).status_code == 404
    assert names(ann.get_collection(slug)) == ["ann/three", "ann/one"]


def test_positions_stay_dense_however_many_change_at_once(server_on_each: LiveServer) -> None:
    token = server_on_each.user("ann")
    api = server_on_each.api(token)
    slug = api.create_collection("Busy").slug
    for number in range(12):
        api.create_repo(f"ann/m{number}")
        api.create_repo(f"ann/n{number}")
        made = api.add_collection_item(slug, f"ann/m{number}", "model")
    ids = [item.item_object_id for item in made.items]

    def work(number: int) -> None:
        if number % 3 == 0:
            api.add_collection_item(slug, f"ann/n{number}", "model", exists_ok=True)
        elif number % 3 == 1:
            api.update_collection_item(slug, ids[number], position=11 - number)
        else:
            api.delete_collection_item(slug, ids[number], missing_ok=True)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [*range(12), *range(12)]))
    items = api.get_collection(slug).items
    assert [item.position for item in items] == list(range(len(items))) and len(items) == 12
    assert len({item.item_id for item in items}) == 12


def test_collections_are_made_at_once_with_one_of_each_title(server_on_each: LiveServer) -> None:
    api = server_on_each.api(server_on_each.user("ann"))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: api.create_collection(f"T{n % 4}", exists_ok=True), range(12)))
    found = list(api.list_collections(owner="ann"))
    assert sorted(one.title for one in found) == ["T0", "T1", "T2", "T3"]
    assert [api.get_collection(one.slug).position for one in found] == [0, 1, 2, 3]


def test_a_collection_of_a_resource_group_is_for_its_members(shared_server: LiveServer) -> None:
    owner = shared_server.user("gus")
    shared_server.org("works", "gus")
    for name in ("in-group", "outside", "no-access"):
        shared_server.user(name)
        role = "no_access" if name == "no-access" else "read"
        body = {"user": name, "role": role}
        path = "/api/organizations/works/members"
        assert call(shared_server, "POST", path, owner, json=body).is_success
    made = call(
        shared_server, "POST", "/api/organizations/works/resource-groups", owner,
        json={"name": "Core", "users": [{"user": "in-group", "role": "read"}]},
    )  # fmt: skip
    assert made.is_success, made.text
    api = shared_server.api(owner)
    slug = api.create_collection("Theirs", namespace="works", private=True).slug
    seen = {
        name: call(shared_server, "GET", f"/api/collections/{slug}", shared_server.user(name))
        for name in ("in-group", "outside", "no-access")
    }
    assert {name: answer.status_code for name, answer in seen.items()} == {
        "in-group": 200, "outside": 200, "no-access": 404,
    }  # fmt: skip
    api.update_collection_resource_group(slug, made.json()["id"])
    for name, status in (("in-group", 200), ("outside", 404), ("no-access", 404), ("gus", 200)):
        answer = call(shared_server, "GET", f"/api/collections/{slug}", shared_server.user(name))
        assert answer.status_code == status, name
    api.update_collection_resource_group(slug, None)
    with pytest.raises(HfHubHTTPError) as unknown:
        api.update_collection_resource_group(slug, "0" * 24)
    assert status_of(unknown) == 404
