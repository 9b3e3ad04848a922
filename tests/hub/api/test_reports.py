"""Reports over HTTP: private until they were triaged, bounded, and nobody counts what is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from paddock import clock
from paddock.hub.people.accounts import get_account, remove_member, set_role
from paddock.hub.people.leaving import delete_account
from paddock.hub.reports import filing
from paddock.hub.reports.tables import reports
from tests.hub.reports.reported import TRIAGE, Reported, client, reported
from tests.live import LiveServer

UNKNOWN = "0123456789abcdef01234567"
ACTS: dict[str, Any] = {
    "messages": {"text": "x"},
    "decision": {"state": "closed"},
    "credit": {"credited": True},
    "case": {},
    "replay": None,
}


@pytest.fixture
def model(shared_server: LiveServer) -> Iterator[Reported]:
    with reported(shared_server) as made:
        yield made


def told(answer: httpx.Response, report: str) -> tuple[int, str]:
    """What an answer gives away, without the id that was asked for."""
    return answer.status_code, answer.text.replace(report, "ID")


def test_nobody_else_learns_of_a_report_before_it_was_triaged(model: Reported) -> None:
    report = model.report()
    with client(model.server, model.server.admin_token) as admin:
        for who in (model.finder, model.keeper, admin):
            assert model.read(report, who).json()["output"] == "With a pin."
    for who, status in ((model.other, 404), (model.stranger, 401)):
        hidden = told(model.read(report, who), report)
        assert hidden[0] == status
        assert hidden == told(model.read(UNKNOWN, who), UNKNOWN)
        assert who.get(model.at).json() == {
            "reports": [], "count": {"open": 0, "over": 0, "overdue": 0}
        }  # fmt: skip
        for act, body in ACTS.items():
            asked = who.post(f"{model.at}/{report}/{act}", json=body)
            assert asked.status_code == status, (act, asked.text)
            unknown = who.post(f"{model.at}/{UNKNOWN}/{act}", json=body)
            assert asked.text.replace(report, "ID") == unknown.text.replace(UNKNOWN, "ID")


def test_triage_decides_who_sees_it(model: Reported) -> None:
    secret, public, later = (model.report(title=f"Report {n}") for n in range(3))
    until = (clock.now() + timedelta(days=30)).isoformat()
    model.steps(secret, "triaged")
    model.steps(public, "triaged", public="now")
    model.steps(later, "triaged", public=until)
    assert [model.read(r, model.other).status_code for r in (secret, public, later)] == [
        404, 200, 404
    ]  # fmt: skip
    listed = model.stranger.get(model.at).json()
    assert [one["id"] for one in listed["reports"]] == [public]
    assert listed["count"]["open"] == 1
    assert model.read(later).json()["publicFrom"][:10] == until[:10]
    _let_pass(model, later, days=31)
    assert model.read(later, model.stranger).status_code == 200
    assert model.decide(later, public="private").status_code == 200
    assert model.read(later, model.stranger).status_code == 401


def test_messages_stay_between_the_two_and_who_wants_no_name_has_none(model: Reported) -> None:
    report = model.report()
    model.finder.post(f"{model.at}/{report}/messages", json={"text": "between us, **really**"})
    model.steps(report, "triaged", public="now", message="we saw it")
    for who in (model.finder, model.keeper):
        text = model.read(report, who).text
        assert "between us, <strong>really</strong>" in text and "we saw it" in text
    for who in (model.other, model.stranger, model.keeper):
        assert model.names["finder"] not in model.read(report, who).text
    for who in (model.other, model.stranger):
        assert "between us" not in model.read(report, who).text
    assert model.names["finder"] not in "".join(model.notices(model.keeper))
    credited = model.finder.post(f"{model.at}/{report}/credit", json={"credited": True})
    assert credited.json()["reporter"]["name"] == model.names["finder"]
    assert model.names["finder"] in model.read(report, model.stranger).text
    by_keeper = model.keeper.post(f"{model.at}/{report}/credit", json={"credited": False})
    assert (by_keeper.status_code, by_keeper.json()["error"][:17]) == (403, "only the reporter")


def test_both_sides_hear_of_each_step_and_not_of_their_own(model: Reported) -> None:
    report = model.report(impact="severe", ease="unasked")
    assert model.notices(model.keeper) == [
        f"a critical report on {model.repo_id}: “It opens doors”"
    ]
    assert model.notices(model.finder) == []
    model.steps(report, "triaged", "confirmed")
    assert model.notices(model.finder)[0].endswith("from triaged to confirmed")
    assert len(model.notices(model.finder)) == 1
    marked = model.finder.post("/api/notifications/notices/mark-as-read")
    assert marked.json() == {"unread": 0}
    model.finder.post(f"{model.at}/{report}/messages", json={"text": "thanks"})
    assert model.notices(model.keeper) == ["“It opens doors”: the reporter wrote"]
    asked = {"subjects": [f"report:{report}"], "read": False}
    again = model.finder.post("/api/notifications/notices/mark-as-read", json=asked)
    assert again.json() == {"unread": 1}
    assert model.stranger.get("/api/notifications/notices").status_code == 401


def test_lists_are_filtered_and_come_in_pages(model: Reported) -> None:
    ids = [model.report(title=f"Report {n}", category="wrong" if n % 2 else "biased")
           for n in range(5)]  # fmt: skip
    model.steps(ids[0], "triaged", "declined")
    late = model.report(impact="severe", ease="unasked")
    _let_pass(model, late, days=2)

    def listed(**query: Any) -> list[str]:
        found = model.keeper.get(model.at, params=query).json()["reports"]
        return [one["title"] for one in found]

    assert listed(state="declined") == ["Report 0"]
    assert listed(state="open", category="wrong") == ["Report 3", "Report 1"]
    assert listed(overdue=True) == ["It opens doors"]
    assert len(listed(state="over")) == 1 and listed(mine=True) == []
    first = model.keeper.get(model.at, params={"limit": 4})
    rest = model.keeper.get(first.links["next"]["url"])
    titles = {one["title"] for page in (first, rest) for one in page.json()["reports"]}
    assert len(titles) == 6 and "next" not in rest.links
    for bad in ({"state": "burnt"}, {"category": "x"}, {"cursor": "x"}, {"limit": 0}):
        assert 400 <= model.keeper.get(model.at, params=bad).status_code < 500


@pytest.mark.parametrize(
    "said",
    [{"category": "odd"}, {"title": "x"}, {"title": "a\nb"}, {"title": "x" * 300},
     {"messages": None}, {"prompt": "and messages"}, {"messages": []},
     {"messages": [{"role": "user", "content": "x" * 1_000_000}]}, {"output": "x" * 1_000_000},
     {"messages": [{"role": "user", "content": {"a": 1}}]}, {"revision": "nowhere"},
     {"settings": {"seed": "x"}}, {"settings": {"a": [[[]]]}}, {"details": "x" * 70_000},
     {"impact": "huge"}, {"output": "\0"}, {"credited": "yes"}, {"revision": "x" * 300}],
    ids=str,
)  # fmt: skip
def test_what_is_no_report_is_refused_with_a_sentence(model: Reported, said: Any) -> None:
    answer = model.post_report(**said)
    assert answer.status_code in {400, 404, 413, 422}, answer.text
    assert answer.json()["error"]
    assert model.keeper.get(model.at).json()["reports"] == []


def test_json_that_is_deep_or_a_bomb_is_refused(model: Reported) -> None:
    kind = {"Content-Type": "application/json"}
    deep = '{"category":"wrong","title":"deep","settings":' + '{"a":' * 100_000
    for content in (deep, "[" * 100_000, '{"title":' + "9" * 5000 + "}"):
        answer = model.finder.post(model.at, content=content, headers=kind)
        assert 400 <= answer.status_code < 500


def test_texts_come_back_to_the_letter_and_nothing_of_them_is_markup(model: Reported) -> None:
    odd = "<script>alert(1)</script>\r\n\u202e\x1b[31m ' \" & 𝔘"
    said = {"messages": [{"role": "user", "content": odd}], "output": odd, "details": odd,
            "title": "<img src=x onerror=alert(1)>"}  # fmt: skip
    report = model.report(**said)
    answer = model.read(report).json()
    assert answer["messages"][0]["content"] == answer["output"] == odd
    assert "<script" not in answer["details"]["html"]
    at = f"{model.at}/{report}/messages"
    for text in ("<script>x</script>", '<a href="javascript:x">y</a>', "<img src=x onerror=x>"):
        assert model.finder.post(at, json={"text": text}).status_code == 200
    html = "".join(e["message"]["html"] for e in model.read(report).json()["events"])
    assert not [bad for bad in ("<script", "javascript:", "onerror") if bad in html]


def test_who_may_only_read_or_is_nobody_reports_nothing(model: Reported) -> None:
    token = model.server.user(model.names["other"], role="read")
    with client(model.server, token) as reader:
        for who, status in ((model.stranger, 401), (reader, 403)):
            assert model.post_report(who, output="x").status_code == status


def test_so_many_reports_and_messages_and_no_more(model: Reported) -> None:
    for _ in range(filing.MAX_AN_HOUR):
        report = model.report()
    refused = model.post_report(output="one more")
    assert (refused.status_code, "10 reports" in refused.text) == (429, True)
    assert model.post_report(model.other, output="of another").status_code == 200
    at = f"{model.at}/{report}/messages"
    answers = [model.finder.post(at, json={"text": "x"}).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]


def test_a_private_repository_has_no_reports_for_others(shared_server: LiveServer) -> None:
    with reported(shared_server, private=True) as model:
        assert model.post_report(model.finder, output="x").status_code == 404
        assert model.stranger.get(model.at).status_code == 401
        report = model.report(model.keeper)
        model.steps(report, "triaged", public="now")
        assert model.read(report, model.other).status_code == 404
        api = model.server.api(model.tokens["keeper"])
        api.update_repo_settings(model.repo_id, private=False)
        mine = model.report(model.finder)
        api.update_repo_settings(model.repo_id, private=True)
        assert model.read(mine).status_code == 404  # what one cannot see has no reports
        assert model.finder.get("/api/notifications/notices").json()["notices"] == []


def test_who_leaves_takes_their_rights_along_and_their_reports_stay(
    shared_server: LiveServer,
) -> None:
    with reported(shared_server) as model:
        org = f"org-{model.names['keeper']}"
        shared_server.org(org, model.names["keeper"])
        with shared_server.hub.database.write() as conn:
            house = get_account(conn, org)
            other = get_account(conn, model.names["other"])
            set_role(conn, house, other, "write")
        api = shared_server.api(model.tokens["keeper"])
        api.create_repo(f"{org}/model")
        model.repo_id = f"{org}/model"
        report = model.report(credited=True)
        assert len(model.notices(model.other)) == 1
        assert model.read(report, model.other).status_code == 200
        with shared_server.hub.database.write() as conn:
            remove_member(conn, house, other)
            delete_account(conn, get_account(conn, model.names["finder"]))
        assert model.read(report, model.other).status_code == 404
        left = model.read(report, model.keeper).json()
        assert "reporter" not in left and left["output"] == "With a pin."
        model.steps(report, "triaged", "confirmed", "fixed", "closed")
        assert len(model.notices(model.other)) == 1  # what they were told while they wrote here


def test_ten_thousand_reports_are_a_list_like_any_other(model: Reported) -> None:
    report = model.report()
    with model.server.hub.database.write() as conn:
        row = dict(conn.execute(sa.select(reports).where(reports.c.public_id == report))
                   .mappings().one())  # fmt: skip
        del row["id"]
        many = [{**row, "public_id": f"{n:024x}", "reporter_id": None} for n in range(10_000)]
        conn.execute(reports.insert(), many)
    first = model.keeper.get(model.at, params={"limit": 100})
    assert first.json()["count"]["open"] == 10_001 and len(first.json()["reports"]) == 100
    assert model.keeper.get(first.links["next"]["url"]).status_code == 200
    assert model.stranger.get(model.at).json()["reports"] == []
    assert model.finder.get(model.at).json()["count"]["open"] == 1
    assert model.decide(report, **TRIAGE).status_code == 200


def _let_pass(model: Reported, report: str, *, days: int) -> None:
    """Let the moments of a report be so much earlier."""
    c, back = reports.c, timedelta(days=days)
    with model.server.hub.database.write() as conn:
        row = conn.execute(sa.select(reports).where(c.public_id == report)).mappings().one()
        moments = {name: row[name] - back for name in ("created_at", "due_at", "public_from")
                   if row[name]}  # fmt: skip
        conn.execute(reports.update().where(c.public_id == report).values(moments))
