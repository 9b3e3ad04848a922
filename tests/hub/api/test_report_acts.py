"""What becomes of reports: steps, deadlines, duplicates, cases; and who may say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from paddock.hub.people.accounts import get_account
from paddock.hub.people.scopes import ACCOUNT, DISCUSS, Scopes
from paddock.hub.people.tokens import Bounds, create_token
from tests.hub.reports.reported import TRIAGE, Reported, client, reported
from tests.live import LiveServer


@pytest.fixture
def model(shared_server: LiveServer) -> Iterator[Reported]:
    with reported(shared_server) as made:
        yield made


def test_a_report_goes_its_way_and_each_step_is_written_down(model: Reported) -> None:
    report = model.report(impact="minor", ease="hard")
    assert model.read(report).json()["severity"] == "low"
    model.server.api(model.tokens["keeper"]).create_tag(model.repo_id, tag="1.1.0")
    model.steps(report, "triaged", "confirmed")
    fixed = model.decide(report, state="fixed", fixedIn="1.1.0").json()
    assert (fixed["severity"], fixed["fixedIn"]["revision"]) == ("high", "1.1.0")
    assert "dueAt" not in fixed and fixed["next"] == ["confirmed", "closed"]
    again = model.decide(report, model.finder, state="confirmed", message="it still does")
    assert "fixedIn" not in again.json() and again.json()["overdue"] is False
    model.steps(report, "fixed", "closed")
    sentences = [e["sentence"] for e in model.read(report).json()["events"]]
    assert sentences[0] == "set the severity to high (serious impact, easy)"
    assert "changed the state from confirmed to fixed in 1.1.0" in sentences
    assert model.read(report).json()["fixedIn"]["revision"] == model.read(report).json()["revision"]


@pytest.mark.parametrize(
    ("before", "decision", "status"),
    [((), {"state": "fixed", "fixedIn": "main"}, 409),
     ((), {"state": "triaged"}, 400),
     ((), {"public": "now"}, 400),
     ((), {"state": "closed", "public": "now"}, 400),
     (("triaged",), {"state": "duplicate"}, 400),
     (("triaged",), {"impact": "minor"}, 400),
     (("triaged",), {"public": "2999-01-01T00:00:00Z"}, 400),
     (("triaged",), {"public": "9999-12-31T23:59:59-23:00"}, 400),
     (("triaged",), {"state": "confirmed", "fixedIn": "main"}, 400),
     (("triaged", "confirmed"), {"state": "fixed"}, 400),
     (("triaged", "confirmed"), {"state": "fixed", "fixedIn": "nowhere"}, 404),
     (("triaged", "confirmed"), {"state": "closed"}, 409),
     (("triaged",), {"message": "x" * 70_000}, 413)],
    ids=str,
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_of_it_happens(
    model: Reported, before: tuple[str, ...], decision: dict[str, Any], status: int
) -> None:
    report = model.report()
    model.steps(report, *before)
    here = model.read(report).json()
    answer = model.decide(report, **{"message": "and this", **decision})
    assert (answer.status_code, model.read(report).json()) == (status, here), answer.text


def test_the_reporter_may_withdraw_and_object_and_decide_nothing_else(model: Reported) -> None:
    report = model.report()
    for decision in (TRIAGE, {"impact": "minor", "ease": "hard"}, {"public": "now"}):
        assert model.decide(report, model.finder, **decision).status_code == 403
    withdrawn = model.decide(report, model.finder, state="closed").json()
    assert withdrawn["events"][-1]["sentence"] == "withdrew the report"
    assert model.decide(report, model.finder, state="triaged").status_code == 403
    model.steps(report, "triaged", "not_reproduced")
    assert model.decide(report, model.finder, state="triaged").json()["state"] == "triaged"


def test_duplicates_are_joined_and_everybody_hears_of_the_fix(model: Reported) -> None:
    first, second, third = model.report(), model.report(model.other), model.report(model.other)
    for report in (first, second, third):
        model.steps(report, "triaged")
    assert model.decide(first, state="duplicate", duplicateOf=first).status_code == 400
    assert model.decide(first, state="duplicate", duplicateOf="0" * 24).status_code == 404
    model.decide(third, state="duplicate", duplicateOf=second)
    joined = model.decide(second, state="duplicate", duplicateOf=first)
    assert joined.json()["duplicateOf"] == first
    assert "duplicateOf" not in model.read(second, model.other).json()  # the first one is private
    assert model.decide(first, state="duplicate", duplicateOf=third).status_code == 400  # a circle
    assert "another report that says the same" in model.notices(model.finder)[0]
    model.steps(first, "confirmed", "fixed")
    told = model.notices(model.other)
    assert len([one for one in told if "the report that this one repeats is fixed" in one]) == 2
    assert model.read(second, model.other).json()["events"][-1]["by"] == ""


def test_a_confirmed_report_becomes_a_case_in_the_repository(model: Reported) -> None:
    report = model.report(settings={"temperature": 0, "stop": ["\n"]}, expected="A refusal.")
    at = f"{model.at}/{report}/case"
    body = {"mustNotContain": ["With a pin", "", "é: - #"], "mustNotMatch": ["(?i)pin+s?"]}
    assert model.keeper.post(at, json=body).status_code == 400  # nobody has confirmed it
    model.steps(report, "triaged", "confirmed")
    assert model.finder.post(at, json=body).status_code == 403
    assert model.keeper.post(at, json={}).status_code == 400
    case = yaml.safe_load(model.keeper.post(at, json=body).json()["content"])
    assert case["messages"] == model.read(report).json()["messages"]
    assert case["must_not_contain"] == ["With a pin", "é: - #"]
    assert (case["settings"]["stop"], case["expected"]) == (["\n"], "A refusal.")
    assert "credit" not in case and model.names["finder"] not in str(case)
    refused = model.keeper.post(at, json={**body, "keep": "commit"})
    assert (refused.status_code, "private" in refused.json()["error"]) == (409, True)
    kept = model.keeper.post(at, json={**body, "keep": "commit", "disclose": True}).json()
    there = model.stranger.get(f"/{model.repo_id}/resolve/main/{kept['path']}")
    assert there.text == kept["content"]
    model.finder.post(f"{model.at}/{report}/credit", json={"credited": True})
    model.decide(report, public="now")
    proposed = model.keeper.post(at, json={**body, "keep": "pull_request"}).json()
    ref = f"refs%2Fpr%2F{proposed['pullRequest']}"
    there = model.stranger.get(f"/{model.repo_id}/resolve/{ref}/{kept['path']}")
    assert yaml.safe_load(there.text)["credit"] == model.names["finder"]


@pytest.mark.parametrize(
    "pattern", ["(", "a{1000000}", "(?P<x", "(?=a)", r"\1", "x" * 2000, "((a{500}){500}){500}"]
)
def test_a_pattern_that_no_safe_engine_takes_is_refused(model: Reported, pattern: str) -> None:
    report = model.report()
    model.steps(report, "triaged", "confirmed")
    answer = model.keeper.post(f"{model.at}/{report}/case", json={"mustNotMatch": [pattern]})
    assert answer.status_code == 400, answer.text


def test_a_fine_grained_token_does_what_it_may(model: Reported) -> None:
    report = model.report()
    for permissions, decides, reads in (
        (["discussion.write"], 404, 404),
        (["repo.content.read"], 404, 404),
        (["repo.write"], 200, 200),
    ):
        token = _fine_grained(model, "keeper", permissions)
        with client(model.server, token) as who:
            assert model.read(report, who).status_code == reads, permissions
            assert model.decide(report, who, impact="minor", ease="hard").status_code == decides
    for permissions, speaks in ((["discussion.write"], 200), (["user.social.likes.write"], 404)):
        token = _fine_grained(model, "finder", permissions)
        with client(model.server, token) as who:
            said = who.post(f"{model.at}/{report}/messages", json={"text": "x"})
            assert said.status_code == speaks, permissions


def _fine_grained(model: Reported, who: str, permissions: list[str]) -> str:
    """A token that may do this on everything of its user's, and on nothing else."""
    with model.server.hub.database.write() as conn:
        account = get_account(conn, model.names[who])
        held = frozenset(permissions)
        scopes = Scopes(everywhere=held & {DISCUSS}, on={(ACCOUNT, account.id): held - {DISCUSS}})
        return create_token(conn, account, "fine", "fineGrained", Bounds(scopes=scopes))
