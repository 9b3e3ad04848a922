"""The steps of reports, and the scale: as the page for people shows them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from paddock.hub.reports import severity, states
from paddock.hub.reports.severity import Ease, Impact, Severity, severity_of
from paddock.hub.reports.states import State, WrongStep, check_step
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "reports.md"


@pytest.mark.parametrize("lines", [states.step_lines, severity.scale_lines, severity.clock_lines])
def test_the_page_for_people_shows_the_tables_of_the_code(lines: object) -> None:
    assert "\n".join(lines()) in PAGE.read_text(encoding="utf-8")  # type: ignore[operator]


def test_every_value_of_the_scale_is_explained_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for meanings in (severity.IMPACT_MEANS, severity.EASE_MEANS, states.MEANS):
        for value, meaning in meanings.items():
            assert f"`{value}`" in text
            assert meaning in text


def test_more_impact_or_more_ease_is_never_less_severe() -> None:
    for impact, ease in itertools.product(Impact, Ease):
        here = severity_of(impact, ease).rank
        for worse in list(Impact)[list(Impact).index(impact) :]:
            assert severity_of(worse, ease).rank >= here
        for easier in list(Ease)[list(Ease).index(ease) :]:
            assert severity_of(impact, easier).rank >= here


def test_the_worse_the_sooner() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    fixes = [severity.fix_by(each, day) for each in Severity]
    answers = [severity.respond_by(each, day) for each in Severity]
    assert fixes == sorted(fixes, reverse=True) and answers == sorted(answers, reverse=True)
    assert severity.respond_by(Severity.CRITICAL, day) == day + timedelta(days=1)


def test_every_state_can_be_reached_and_left_and_ended() -> None:
    for start in State:
        seen, queue = {start}, [start]
        while queue:
            following = set(states.STEPS[queue.pop()]) - seen
            seen |= following
            queue += following
        assert State.CLOSED in seen
        assert states.STEPS[start], start
    assert {to for steps in states.STEPS.values() for to in steps} == set(State) - {State.NEW}


def test_a_step_that_is_not_in_the_table_is_refused_with_those_that_are() -> None:
    with pytest.raises(WrongStep) as caught:
        check_step(State.NEW, State.FIXED, is_maintainer=True)
    assert "triaged" in str(caught.value.hint)
