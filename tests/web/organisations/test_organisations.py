"""Organisations made, described, joined and left on pages."""

from __future__ import annotations

import httpx

from paddock.hub.people.accounts import find_account
from tests.live import LiveServer
from tests.web.visiting import visit


def test_an_organisation_is_made_and_its_admin_changes_who_belongs_to_it(
    shared_server: LiveServer,
) -> None:
    ada = visit(shared_server, "ada")
    for name in ("ben", "cora"):
        shared_server.user(name)
    for name, status in (("settings", 400), ("ada", 409), ("<b>", 400)):
        answer = ada.post("/organizations/new", name=name)
        assert answer.status_code == status and "<b>" not in answer.text.split("<main")[1]
    made = ada.post("/organizations/new", name="mill", full_name="The <i>Mill", details="grain")
    assert made.headers["location"] == "/organizations/mill/members?done=made"
    members = "/organizations/mill/members"
    assert "The &lt;i&gt;Mill" in ada.get(members).text
    assert ada.post(f"{members}/add", who="ben", role="write").status_code == 303
    assert ada.post(f"{members}/add", who="ben", role="read").status_code == 409
    assert ada.post(f"{members}/add", who="nobody-here").status_code == 404
    assert ada.post(f"{members}/add", who="cora", role="king").status_code == 400
    assert ada.post(f"{members}/role", who="ben", role="admin").status_code == 303
    ben = visit(shared_server, "ben")
    assert "/organizations/mill/settings" in ben.get("/settings/organisations").text
    assert ben.post(f"{members}/role", who="ada", role="read").status_code == 303
    last = ben.post("/organizations/mill/leave")
    assert last.status_code == 409 and "last admin" in last.text
    assert ada.post("/organizations/mill/leave").headers["location"].endswith("?done=left")
    assert ada.post("/organizations/mill/leave").status_code == 404
    assert ben.post(f"{members}/remove", who="ada").status_code == 404


def test_only_admins_change_anything(shared_server: LiveServer) -> None:
    dora = visit(shared_server, "dora")
    dora.post("/organizations/new", name="barn")
    emil = visit(shared_server, "emil")
    dora.post("/organizations/barn/members/add", who="emil", role="write")
    base = "/organizations/barn"
    assert emil.get(f"{base}/settings").status_code == 403
    assert "/members/add" not in emil.get(f"{base}/members").text
    for path, fields in (
        ("members/add", {"who": "boss", "role": "admin"}),
        ("members/role", {"who": "emil", "role": "admin"}), ("members/remove", {"who": "dora"}),
        ("settings", {"full_name": "x"}), ("settings/rename", {"new_name": "x1"}),
        ("settings/delete", {"typed": "barn"}), ("settings/picture", {"drawn": "1"}),
    ):  # fmt: skip
        assert emil.post(f"{base}/{path}", **fields).status_code == 403, path
        assert dora.post(f"{base}/{path}", **fields, form_key="").status_code == 403, path
    told = httpx.get(f"{shared_server.url}/api/organizations/barn/members").json()
    assert {(one["user"], one["role"]) for one in told} == {("dora", "admin"), ("emil", "write")}


def test_an_organisation_is_described_renamed_and_ended(shared_server: LiveServer) -> None:
    finn = visit(shared_server, "finn")
    finn.post("/organizations/new", name="loft", private_by_default="1")
    settings = "/organizations/loft/settings"
    assert finn.post(settings, full_name="Loft", website="https://loft.example").status_code == 303
    assert finn.post(settings, website="javascript:x").status_code == 400
    assert "https://loft.example" in finn.get(settings).text
    finn.post("/new", kind="model", owner="loft", name="beam")
    assert shared_server.api(shared_server.user("finn")).model_info("loft/beam").private
    assert finn.post(f"{settings}/rename", new_name="finn").status_code == 409
    renamed = finn.post(f"{settings}/rename", new_name="attic")
    assert renamed.headers["location"] == "/organizations/attic/settings?done=renamed"
    settings = "/organizations/attic/settings"
    assert finn.post(f"{settings}/delete", typed="loft").status_code == 400
    assert finn.post(f"{settings}/delete", typed="attic").status_code == 409
    done = finn.post(f"{settings}/delete", typed="attic", with_repositories="1")
    assert done.headers["location"] == "/settings/organisations?done=deleted"
    with shared_server.hub.database.read() as conn:
        assert find_account(conn, "attic") is None


def test_a_hub_may_keep_making_them_to_its_administrators(shared_server: LiveServer) -> None:
    object.__setattr__(shared_server.hub, "organizations_by", "admins")
    try:
        gina, boss = visit(shared_server, "gina"), visit(shared_server, "boss")
        assert gina.post("/organizations/new", name="silo").status_code == 403
        assert "/organizations/new" not in gina.get("/settings/organisations").text
        assert boss.post("/organizations/new", name="silo").status_code == 303
    finally:
        object.__setattr__(shared_server.hub, "organizations_by", "users")
