"""Repositories made and set on pages: who sees them, their gate, their name, their end."""

from __future__ import annotations

import pytest

from paddock.hub.groups.groups import GroupChange, create_group
from paddock.hub.people.accounts import get_account
from paddock.hub.people.members import add_member
from tests.hub.http_calls import call
from tests.live import LiveServer
from tests.web.visiting import Visiting, visit


@pytest.fixture(scope="module")
def owner(shared_server: LiveServer) -> Visiting:
    shared_server.user("olga")
    shared_server.org("press", "olga")
    return visit(shared_server, "olga")


def test_a_repository_is_made_with_a_card_that_names_its_licence(
    shared_server: LiveServer, owner: Visiting
) -> None:
    form = owner.get("/new?kind=dataset&owner=press").text
    assert 'value="dataset" checked' in form and '<option value="press" selected' in form
    made = owner.post(
        "/new",
        kind="dataset",
        owner="press",
        name="leaves",
        visibility="private",
        licence="cc0-1.0",
    )
    assert (made.status_code, made.headers["location"]) == (303, "/datasets/press/leaves")
    api = shared_server.api(shared_server.user("olga"))
    info = api.dataset_info("press/leaves")
    assert info.private and info.card_data is not None and info.card_data.license == "cc0-1.0"
    assert owner.get("/new-dataset").headers["location"] == "/new?kind=dataset"
    for fields, status in (
        ({"name": "leaves", "kind": "dataset", "owner": "press"}, 409),
        ({"name": "../x"}, 400), ({"name": "<b>"}, 400), ({"kind": "castle", "name": "x"}, 400),
        ({"name": "x", "licence": "mine"}, 400), ({"name": "x", "visibility": "secret"}, 400),
        ({"name": "x", "owner": "boss"}, 403), ({"name": "x", "owner": "nobody-here"}, 404),
    ):  # fmt: skip
        answer = owner.post("/new", **{"kind": "model", **fields})
        assert answer.status_code == status and "<b>" not in answer.text.split("<main")[1], fields
    assert (
        visit(shared_server, "pia").post("/new", kind="model", owner="press", name="x").status_code
        == 403
    )


def test_each_setting_is_changed_by_its_own_form(
    shared_server: LiveServer, owner: Visiting
) -> None:
    owner.post("/new", kind="model", name="rose", visibility="private")
    api = shared_server.api(shared_server.user("olga"))
    page = "/olga/rose/settings"
    assert owner.post(f"{page}/visibility", visibility="public").status_code == 303
    assert owner.post(f"{page}/gate", gate="manual").headers["location"] == f"{page}?done=gate"
    info = api.model_info("olga/rose")
    assert (info.private, info.gated) == (False, "manual")
    assert 'value="manual" checked' in owner.get(f"{page}?done=gate").text
    for path, fields in (
        ("visibility", {"visibility": "x"}), ("gate", {"gate": "x"}), ("group", {"group": "x"}),
        ("move", {"owner": "boss", "new_name": "x"}), ("delete", {"typed": "x"}),
        ("move", {"owner": "olga", "new_name": "a--b"}), ("allow", {"path": "x", "reason": "why"}),
    ):  # fmt: skip
        assert owner.post(f"{page}/{path}", **fields).status_code in {400, 403, 404}, path
    moved = owner.post(f"{page}/move", owner="press", new_name="thorn")
    assert moved.headers["location"] == "/press/thorn/settings?done=moved"
    assert call(shared_server, "GET", "/api/models/olga/rose").status_code == 307
    kept = owner.post("/press/thorn/settings/delete", typed="olga/rose")
    assert kept.status_code == 400 and "name was not typed" in kept.text
    gone = owner.post("/press/thorn/settings/delete", typed="press/thorn")
    assert gone.headers["location"] == "/press"
    assert call(shared_server, "GET", "/api/models/press/thorn").status_code == 401


def test_settings_are_for_those_who_own(shared_server: LiveServer, owner: Visiting) -> None:
    owner.post("/new", kind="model", name="mine", visibility="public")
    for name in ("pia", "boss"):
        visitor, status = visit(shared_server, name), 403 if name == "pia" else 200
        assert visitor.get("/olga/mine/settings").status_code == status
    stranger = visit(shared_server, "pia")
    for path, fields in (
        ("visibility", {"visibility": "private"}), ("gate", {"gate": "auto"}),
        ("move", {"owner": "pia", "new_name": "x"}), ("delete", {"typed": "olga/mine"}),
        ("group", {"group": ""}),
    ):  # fmt: skip
        assert stranger.post(f"/olga/mine/settings/{path}", **fields).status_code == 403
        assert owner.post(f"/olga/mine/settings/{path}", **fields, form_key="").status_code == 403
    info = shared_server.api(shared_server.user("olga")).model_info("olga/mine")
    assert (info.private, info.gated) == (False, False)


def test_an_organisations_admin_puts_it_into_a_group(
    shared_server: LiveServer, owner: Visiting
) -> None:
    owner.post("/new", kind="model", name="grouped", owner="press")
    shared_server.user("rita")
    with shared_server.hub.database.write() as conn:
        org = get_account(conn, "press")
        group = create_group(conn, org, GroupChange(name="<i>team"))
        add_member(conn, org, get_account(conn, "rita"), "write")
    page = "/press/grouped/settings"
    assert "&lt;i&gt;team" in owner.get(page).text
    rita = visit(shared_server, "rita")
    assert rita.get(page).status_code == 200
    assert owner.post(f"{page}/group", group=group.public_id).status_code == 303
    assert f'value="{group.public_id}" selected' in owner.get(page).text
    assert rita.get(page).status_code == 403
    assert owner.post(f"{page}/group", group="").status_code == 303
    assert rita.post(f"{page}/group", group=group.public_id).status_code == 403


def test_an_administrator_lets_a_rejected_file_go_and_takes_that_back(
    shared_server: LiveServer, owner: Visiting
) -> None:
    owner.post("/new", kind="model", name="risky", visibility="public")
    api = shared_server.api(shared_server.user("olga"))
    evil = b"cos\nsystem\n(S'true'\ntR."
    api.upload_file(path_or_fileobj=evil, path_in_repo="old weights.pkl", repo_id="olga/risky")
    shared_server.run_scans()
    page, path = "/olga/risky/settings", "old weights.pkl"
    assert path in owner.get(page).text and f"{page}/allow" not in owner.get(page).text
    assert owner.post(f"{page}/allow", path=path, reason="I say so").status_code == 403
    boss = visit(shared_server, "boss")
    assert boss.post(f"{page}/allow", path=path, reason="").status_code == 400
    assert boss.post(f"{page}/allow", path=path, reason="for <b>study").status_code == 303
    address = f"/olga/risky/resolve/main/{path.replace(' ', '%20')}"
    assert call(shared_server, "GET", address).status_code == 200
    shown = boss.get(page).text
    assert "for &lt;b&gt;study" in shown
    number = shown.split('name="number" value="')[1].split('"')[0]
    assert boss.post(f"{page}/withdraw", number="x").status_code == 404
    assert boss.post(f"{page}/withdraw", number=number).status_code == 303
    assert call(shared_server, "GET", address).status_code == 403


def test_collaborators_are_added_changed_and_leave_on_pages(
    shared_server: LiveServer, owner: Visiting
) -> None:
    owner.post("/new", kind="model", owner="press", name="proofs", visibility="private")
    page = "/press/proofs/settings/collaborators"
    rita = visit(shared_server, "rosalind")
    assert rita.get("/press/proofs").status_code == 404
    given = owner.post(page, who="rosalind", role="read", ends="2999-01-01")
    assert given.headers["location"] == f"{page}?done=given"
    shown = owner.get(page).text
    assert 'href="/rosalind"' in shown and 'value="2999-01-01"' in shown
    assert rita.get("/press/proofs").status_code == 200
    for method, path in ((rita.get, page), (rita.get, "/press/proofs/settings")):
        assert method(path).status_code == 403
    assert rita.post(page, who="rosalind", role="admin").status_code == 403
    own = rita.get("/settings/access").text
    assert "press/proofs" in own and "/press/proofs/settings/collaborators/leave" in own
    owner.post(page, who="rosalind", role="write")
    api = shared_server.api(shared_server.user("rosalind"))
    api.upload_file(path_or_fileobj=b"a", path_in_repo="a", repo_id="press/proofs")
    assert rita.post(f"{page}/leave", form_key="").status_code == 403
    assert rita.post(f"{page}/leave").headers["location"] == "/settings/access?done=left"
    assert rita.get("/press/proofs").status_code == 404
    for fields, status in (
        ({"who": "nobody-here"}, 404), ({"who": "press"}, 400), ({"who": "rosalind"}, 400),
        ({"who": "rosalind", "role": "<b>"}, 400), ({"team": "none", "role": "read"}, 404),
        ({"who": "rosalind", "role": "read", "ends": "2001-01-01"}, 400), ({"who": "<b>"}, 404),
    ):  # fmt: skip
        answer = owner.post(page, **fields)
        assert answer.status_code == status and "<b>" not in answer.text.split("<main")[1], fields
    assert owner.post(f"{page}/remove", who="rosalind").status_code == 404
