"""What the table of access says where somebody stands in several ways, or several stages hold."""

from __future__ import annotations

from itertools import product

import pytest

from paddock.hub.access_table import Outcome, Right, Stage, Who, outcome
from paddock.hub.decision import STRANGER, Standing, decide, is_for_everybody

_STRICTER = [Outcome.ALLOWED, Outcome.FORBIDDEN, Outcome.UNKNOWN, Outcome.HIDDEN]
_MEMBER = Standing(is_signed_in=True, role="read")
_WRITER = Standing(is_signed_in=True, role="write")
_READER = Standing(is_signed_in=True)


@pytest.mark.parametrize("gate", [Stage.GATED_AUTO, Stage.GATED_MANUAL])
def test_a_gate_opens_nothing_that_is_private(gate: Stage) -> None:
    stages = (Stage.PRIVATE, gate)
    assert not is_for_everybody(Right.SEE, stages)
    assert decide(Right.SEE, stages, STRANGER) is Outcome.UNKNOWN
    assert decide(Right.SEE, stages, _READER) is Outcome.HIDDEN
    assert decide(Right.READ, stages, _MEMBER) is Outcome.FORBIDDEN  # the gate is theirs, too
    assert decide(Right.READ, stages, _WRITER) is Outcome.ALLOWED


def test_what_was_revoked_is_so_at_every_stage() -> None:
    for stage in (Stage.OPEN, Stage.DEPRECATED, Stage.GATED_AUTO):
        for who in (STRANGER, _READER, _MEMBER):
            told = decide(Right.WEIGHTS, (stage, Stage.REVOKED), who)
            assert told in {Outcome.FORBIDDEN, Outcome.UNKNOWN}
    assert decide(Right.WEIGHTS, (Stage.OPEN, Stage.REVOKED), _WRITER) is Outcome.ALLOWED


def test_the_strictest_of_two_stages_counts() -> None:
    for right, one, other in product(Right, Stage, Stage):
        for who, standing in ((Who.ANONYMOUS, STRANGER), (Who.READER, _READER)):
            said = [outcome(right, stage, who) for stage in (one, other)]
            told = decide(right, (one, other), standing)
            assert told is max(said, key=_STRICTER.index)


def test_a_role_that_the_table_does_not_know_is_nobodys() -> None:
    unknown = Standing(is_signed_in=True, role="emperor")
    for right, stage in product(Right, Stage):
        assert decide(right, (stage,), unknown) is decide(right, (stage,), _READER)
