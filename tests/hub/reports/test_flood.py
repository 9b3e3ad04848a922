"""Thousands of reports in an hour: bounded, told once, and triaged by few decisions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paddock.hub import lookup
from paddock.hub.names import parse_address
from paddock.hub.people.accounts import create_user, find_account
from paddock.hub.reports import alike, filing, flood, joining
from paddock.hub.reports.filing import NewReport, file_report
from paddock.hub.reports.rules import TooManyReports
from paddock.hub.reports.tables import reports
from paddock.hub.reports.values import Category
from tests.hub.reports.reported import ASKED, Reported, client, reported
from tests.live import LiveServer


@pytest.fixture
def model(server_on_each: LiveServer) -> Iterator[Reported]:
    with reported(server_on_each) as made:
        yield made


def flood_with(model: Reported, people: range, prompt: str = "Say  THIS") -> int:
    """How many of so many people, each with a first report, are heard."""
    heard = 0
    for number in people:
        with model.server.hub.database.write() as conn:
            repo = lookup.find_repository(conn, parse_address(model.repo_id))
            assert repo is not None
            user = find_account(conn, f"crowd{number}") or create_user(
                conn, f"crowd{number}", allow_similar=True
            )
            new = NewReport(Category.WRONG, f"Wrong {number}", [("user", prompt)], output="o")
            try:
                file_report(conn, repo, user, new)
            except TooManyReports:
                continue
            heard += 1
    return heard


def test_a_repository_hears_so_many_and_then_those_who_were_right_before(
    model: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.steps(model.report(), "triaged", "confirmed")
    monkeypatch.setattr(flood, "MAX_OF_REPOSITORY", 8)
    assert flood_with(model, range(20)) == 7
    refused = model.post_report(model.other, title="Late")
    assert refused.status_code == 429 and "was reported 8 times" in refused.json()["error"]
    assert model.post_report(model.finder, title="Heard").status_code == 200
    listed = model.keeper.get(model.at, params={"known": "true", "state": "new"}).json()
    assert [one["title"] for one in listed["reports"]] == ["Heard"]


def test_maintainers_are_told_of_a_flood_and_not_of_each(
    model: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "TOLD_EACH", 4)
    flood_with(model, range(30))
    told = model.notices(model.keeper)
    assert len(told) == 4 + 1
    assert told[0].startswith(f"16 reports on {model.repo_id} within an hour")


def test_an_address_reports_so_often(model: Reported, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood, "MAX_OF_ADDRESS", 3)
    found = [
        model.post_report(by, title="Once more").status_code
        for by in (model.finder, model.other, model.keeper, model.finder, model.other)
    ]
    assert found == [200, 200, 200, 429, 429]


def test_reports_of_the_same_prompt_are_joined_by_one_decision(
    model: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "MAX_AN_HOUR", 100)
    monkeypatch.setattr(alike, "MAX_AT_ONCE", 4)
    first = model.report(messages=[{"role": "user", "content": "say this"}])
    other = model.report(messages=ASKED)
    flood_with(model, range(6))
    join = f"{model.at}/{first}/join"
    assert model.keeper.post(join).status_code == 400  # it was not triaged itself
    model.steps(first, "triaged")
    assert model.finder.post(join).status_code == 403
    assert model.other.post(join).status_code == 404
    assert model.stranger.post(join).status_code == 401
    assert model.keeper.post(join).json() == {"joined": 4, "left": 2}
    assert model.keeper.post(join).json() == {"joined": 2, "left": 0}
    listed = model.keeper.get(model.at, params={"state": "duplicate"}).json()["reports"]
    assert len(listed) == 6
    assert model.read(other).json()["state"] == "new"
    crowd = model.server.user("crowd3")
    with client(model.server, crowd) as one:
        assert any("duplicate" in sentence for sentence in model.notices(one))
        model.steps(first, "confirmed")
        assert any("confirmed" in sentence for sentence in model.notices(one))


def test_a_report_that_thousands_repeat_can_still_be_joined_to(
    model: Reported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "MAX_JOINED_TOLD", 5)
    first = model.report()
    model.steps(first, "triaged")
    with model.server.hub.database.write() as conn:
        change = reports.update().where(reports.c.public_id == first)
        conn.execute(change.values(event_count=1000))
    again = model.report(model.other)
    model.steps(again, "triaged")
    assert model.decide(again, state="duplicate", duplicateOf=first).status_code == 200
