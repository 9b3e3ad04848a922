"""Advisories: made of confirmed reports, told to whoever holds the model, told of its children."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.download_log.tables import file_downloads
from paddock.hub.lookup import find_repository
from paddock.hub.names import parse_repository_name
from paddock.hub.people.accounts import create_org, get_account, set_role
from paddock.hub.reports import fixes
from paddock.hub.tables import repositories
from paddock.hub.types import ANONYMOUS, Kind
from tests.hub.reports.reported import Reported, client, reported
from tests.live import LiveServer

SAID = {"title": "It opens doors", "severity": "high", "details": "Plain **asking** is enough.",
        "advice": "Use 1.1.0."}  # fmt: skip
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
# What OSV's own schema asks of the fields that we write.
OSV = {
    "type": "object",
    "required": ["schema_version", "id", "modified", "published", "summary", "details", "affected"],
    "additionalProperties": False,
    "properties": {
        "schema_version": {"const": "1.6.0"},
        "id": {"type": "string", "pattern": r"^[A-Z]+-[^\s]+$"},
        "modified": MOMENT,
        "published": MOMENT,
        "withdrawn": MOMENT,
        "summary": {"type": "string"},
        "details": {"type": "string"},
        "references": {"items": {"properties": {"type": {"enum": ["ADVISORY", "WEB"]}}}},
        "credits": {"items": {"required": ["name"], "properties": {"type": {"const": "FINDER"}}}},
        "database_specific": {"type": "object"},
        "affected": {
            "items": {
                "required": ["ranges"],
                "properties": {
                    "versions": {"items": {"type": "string"}},
                    "ranges": {
                        "items": {
                            "required": ["type", "repo", "events"],
                            "properties": {
                                "type": {"const": "GIT"},
                                "events": {
                                    "minItems": 1,
                                    "items": {
                                        "maxProperties": 1,
                                        "additionalProperties": {"pattern": "^([0-9a-f]{40}|0)$"},
                                    },
                                },
                            },
                        }
                    },
                },
            }
        },
    },
}


@pytest.fixture
def model(shared_server: LiveServer) -> Iterator[Reported]:
    with reported(shared_server) as made:
        yield made


def publish(model: Reported, **said: Any) -> dict[str, Any]:
    """A new advisory made of a new, confirmed report."""
    report = said.pop("report", None) or model.report()
    if model.read(report, model.keeper).json()["state"] == "new":
        model.steps(report, "triaged", "confirmed")
    answer = model.keeper.post(_at(model), json={**SAID, "reports": [report], **said})
    assert answer.status_code == 200, answer.text
    jsonschema.validate(answer.json(), OSV)
    made: dict[str, Any] = answer.json()
    return made


def _at(model: Reported) -> str:
    return f"/api/models/{model.repo_id}/advisories"


def test_an_advisory_is_published_changed_and_withdrawn_and_stays(model: Reported) -> None:
    report = model.report(credited=True)
    model.server.api(model.tokens["keeper"]).create_tag(model.repo_id, tag="1.0.0")
    made = publish(model, first="1.0.0", report=report)
    name = made["id"]
    assert made["affected"][0]["versions"] == ["1.0.0"]
    assert made["credits"][0]["name"] == model.names["finder"]
    for at in (f"/api/advisories/{name}", _at(model), "/api/advisories"):
        assert name in model.stranger.get(at).text
    said = model.read(report).json()["events"][-1]["sentence"]
    assert said == f"published the advisory {name}"
    model.server.api(model.tokens["keeper"]).upload_file(
        path_or_fileobj=b"two", path_in_repo="a.txt", repo_id=model.repo_id
    )
    changed = model.keeper.post(f"{_at(model)}/{name}", json={**SAID, "fixed": "main"}).json()
    events = changed["affected"][0]["ranges"][0]["events"]
    assert [*events[0], *events[1]] == ["introduced", "fixed"]
    gone = model.keeper.post(f"{_at(model)}/{name}/withdraw").json()
    jsonschema.validate(gone, OSV)
    assert gone["withdrawn"] == gone["modified"]
    assert model.keeper.post(f"{_at(model)}/{name}/withdraw").status_code == 409
    assert model.stranger.get(f"/api/advisories/{name}").json() == gone
    concerning = model.stranger.get(f"{_at(model)}/concerning").json()
    assert (concerning["own"], concerning["inherited"]) == ([], [])


def test_only_maintainers_publish_and_only_what_was_confirmed(model: Reported) -> None:
    report = model.report()
    body = {**SAID, "reports": [report]}
    for who, status in ((model.stranger, 401), (model.finder, 403), (model.keeper, 400)):
        assert who.post(_at(model), json=body).status_code == status
    model.steps(report, "triaged", "confirmed")
    for wrong, status in (({"reports": []}, 400), ({"reports": ["0" * 24]}, 404),
                          ({"first": "nowhere"}, 404), ({"first": "main", "fixed": "main"}, 400),
                          ({"last": "main", "fixed": "main"}, 400), ({"severity": "bad"}, 400),
                          ({"details": ""}, 400), ({"details": "x" * 70_000}, 413),
                          ({"title": "x"}, 400), ({"advice": "\0"}, 400),
                          ({"reports": [report] * 51}, 400)):  # fmt: skip
        answer = model.keeper.post(_at(model), json={**body, **wrong})
        assert answer.status_code == status, (wrong, answer.text)
    assert model.stranger.get(_at(model)).json() == {"vulns": []}


def test_it_is_sent_to_all_who_hold_the_model_and_to_nobody_else(model: Reported) -> None:
    server = model.server
    api = server.api(model.tokens["keeper"])
    api.update_repo_settings(model.repo_id, gated="auto")
    granted, loaded, derived = (f"{who}-{model.names['other']}" for who in ("got", "had", "made"))
    tokens = {name: server.user(name) for name in (granted, loaded, derived)}
    model.keeper.post(
        f"/api/models/{model.repo_id}/user-access-request/grant", json={"user": granted}
    )
    with server.hub.database.write() as conn:
        repo_id = conn.scalar(
            sa.select(repositories.c.id).where(repositories.c.full_name == model.repo_id)
        )
        row = {"mark": model.names["other"], "repo_id": repo_id, "way": "file",
               "user_id": get_account(conn, loaded).id, "happened_at": clock.now()}  # fmt: skip
        conn.execute(file_downloads.insert().values(row))
    _derive(server, tokens[derived], f"{derived}/child", model.repo_id)
    admin, member, org = (f"{who}-{model.names['other']}" for who in ("adm", "mem", "lab"))
    tokens |= {name: server.user(name) for name in (admin, member)}
    with server.hub.database.write() as conn:
        create_org(conn, org, owner=get_account(conn, admin))
        set_role(conn, get_account(conn, org), get_account(conn, member), "write")
    _derive(server, tokens[member], f"{org}/child", model.repo_id)
    name = publish(model)["id"]
    server.run_jobs()
    for user in (granted, loaded, derived, admin):
        assert name in str(_notices(server, tokens[user])), user
    assert name not in str(model.notices(model.other))
    assert name not in str(_notices(server, tokens[member]))
    assert "Use 1.1.0." in str(_notices(server, tokens[granted]))
    model.keeper.post(f"{_at(model)}/{name}/withdraw")
    server.run_jobs()
    (only,) = (one for one in _notices(server, tokens[granted]) if name in one["sentence"])
    assert "was withdrawn" in only["sentence"] and not only["read"]


def test_children_and_their_children_are_told_of_what_they_may_see(model: Reported) -> None:
    server, other = model.server, model.tokens["other"]
    child, grandchild = (f"{model.names['other']}/{n}" for n in ("child", "grandchild"))
    _derive(server, other, child, model.repo_id)
    _derive(server, other, grandchild, child)
    name = publish(model)["id"]
    for repo in (child, grandchild):
        told = model.stranger.get(f"/api/models/{repo}/advisories/concerning").json()
        assert [one["id"] for one in told["inherited"]] == [name], repo
    server.api(model.tokens["keeper"]).update_repo_settings(model.repo_id, private=True)
    told = model.stranger.get(f"/api/models/{child}/advisories/concerning").json()
    assert told["inherited"] == []
    assert model.stranger.get(f"/api/advisories/{name}").status_code == 404
    assert name not in model.stranger.get("/api/advisories").text
    assert name in model.keeper.get("/api/advisories").text


def test_models_that_name_each_other_as_their_base_end_somewhere(model: Reported) -> None:
    other, keeper = model.tokens["other"], model.tokens["keeper"]
    child = f"{model.names['other']}/child"
    _derive(model.server, other, child, model.repo_id)
    _card(model.server, keeper, model.repo_id, child)
    publish(model)
    told = model.stranger.get(f"{_at(model)}/concerning").json()
    assert (len(told["own"]), told["inherited"]) == (1, [])


def test_the_feed_of_all_comes_in_pages(model: Reported) -> None:
    names = [publish(model)["id"] for _ in range(3)]
    first = model.stranger.get("/api/advisories?limit=2")
    rest = model.stranger.get(first.links["next"]["url"])
    assert [one["id"] for one in first.json()["vulns"]] == names[:0:-1]
    assert names[0] in rest.text
    for bad in ("/api/advisories?cursor=x", "/api/advisories/x", "/api/advisories/PADDOCK-1"):
        assert model.stranger.get(bad).status_code in {400, 404}


def _derive(server: LiveServer, token: str, name: str, base: str) -> None:
    server.api(token).create_repo(name)
    _card(server, token, name, base)


def _card(server: LiveServer, token: str, name: str, base: str) -> None:
    card = f"---\nbase_model: {base}\n---\n".encode()
    server.api(token).upload_file(path_or_fileobj=card, path_in_repo="README.md", repo_id=name)


def _notices(server: LiveServer, token: str) -> list[dict[str, Any]]:
    with client(server, token) as who:
        found: list[dict[str, Any]] = who.get("/api/notifications/notices").json()["notices"]
        return found


def test_from_a_report_to_its_advisory_on_each_database(server_on_each: LiveServer) -> None:
    with reported(server_on_each) as model:
        report, twin = model.report(), model.report(model.other)
        model.steps(report, "triaged", "confirmed", public="now")
        model.steps(twin, "triaged")
        model.decide(twin, state="duplicate", duplicateOf=report)
        case = {"mustNotContain": ["With a pin"], "keep": "pull_request"}
        assert model.keeper.post(f"{model.at}/{report}/case", json=case).status_code == 200
        model.steps(report, "fixed")
        assert "is fixed" in model.notices(model.other)[0]
        for query in ({"state": "fixed", "mine": True}, {"overdue": True}, {"category": "wrong"}):
            assert model.finder.get(model.at, params=query).status_code == 200
        with server_on_each.hub.database.read() as conn:
            name = parse_repository_name(Kind.MODEL, model.repo_id)
            repo = find_repository(conn, name)
            assert repo is not None and repo.head_oid is not None
            told = fixes.fixed_in(conn, ANONYMOUS, repo, repo.head_oid)
            assert [each.public_id for each in told] == [report]
            assert [each.total for each in fixes.fixes(conn, ANONYMOUS, repo)] == [1]
        _derive(server_on_each, model.tokens["other"], f"{model.names['other']}/c", model.repo_id)
        made = publish(model, report=report)["id"]
        server_on_each.run_jobs()
        assert made in str(model.notices(model.other))
        assert made in model.stranger.get("/api/advisories?limit=1").text
        child = f"/api/models/{model.names['other']}/c/advisories/concerning"
        assert made in model.stranger.get(child).text
