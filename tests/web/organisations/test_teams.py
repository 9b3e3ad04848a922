"""Teams on pages: made by admins, filled by maintainers, given roles, ended."""

from __future__ import annotations

from tests.live import LiveServer
from tests.web.visiting import visit


def test_a_team_is_made_filled_used_and_ended(shared_server: LiveServer) -> None:
    ada, mia, tia, otto = (
        visit(shared_server, name) for name in ("tadda", "tmia", "ttia", "totto")
    )
    ada.post("/organizations/new", name="weavers")
    for name in ("tmia", "ttia"):
        ada.post("/organizations/weavers/members/add", who=name, role="no_access")
    teams = "/organizations/weavers/teams"
    made = ada.post(teams, team="loom", description="They <b>weave")
    assert made.headers["location"] == f"{teams}/loom?done=made"
    assert "They &lt;b&gt;weave" in ada.get(teams).text
    assert ada.post(teams, team="LOOM").status_code == 409
    assert "<b>" not in ada.post(teams, team="<b>").text.split("<main")[1]
    assert ada.post(f"{teams}/loom/members", who="tmia", role="maintainer").status_code == 303
    assert mia.post(f"{teams}/loom/members", who="ttia").status_code == 303
    assert mia.post(f"{teams}/loom/members", who="totto").status_code == 400
    assert mia.post(f"{teams}/loom/members", who="ttia", role="maintainer").status_code == 403
    assert tia.post(f"{teams}/loom/members/remove", who="tmia").status_code == 403
    assert "Leave" in tia.get(f"{teams}/loom").text

    ada.post("/new", kind="model", owner="weavers", name="cloth", visibility="private")
    page = "/weavers/cloth/settings/collaborators"
    assert ada.post(page, team="loom", role="write").status_code == 303
    assert "@weavers/loom" in ada.get(page).text
    api = shared_server.api(shared_server.user("ttia"))
    api.upload_file(path_or_fileobj=b"a", path_in_repo="a", repo_id="weavers/cloth")
    assert tia.post(f"{teams}/loom/members/remove", who="ttia").status_code == 303
    assert tia.get("/weavers/cloth").status_code == 404

    for path in (teams, f"{teams}/loom"):
        assert otto.get(path).status_code in {403, 404}
    renamed = ada.post(f"{teams}/loom", new_name="shuttle", description="")
    assert renamed.headers["location"] == f"{teams}/shuttle?done=changed"
    for path, fields in (("", {"new_name": "x"}), ("/delete", {"typed": "shuttle"})):
        assert mia.post(f"{teams}/shuttle{path}", **fields).status_code == 403
    assert ada.post(f"{teams}/shuttle/delete", typed="loom").status_code == 400
    assert ada.post(f"{teams}/shuttle/delete", typed="shuttle").status_code == 303
    assert mia.get("/weavers/cloth").status_code == 404
