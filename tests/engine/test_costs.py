"""What proposals cost is measured with the model's own steps, and not where nobody proposes."""

from __future__ import annotations

from typing import Any

import pytest

from paddock.engine.engine import Engine
from paddock.engine.options import EngineOptions
from paddock.engine.speculation.costs import MAX_FREE_ROWS, Costs, costs_of
from paddock.engine.step import Step
from tests.fakes.block_model import BlockModel, small


class TimedModel(BlockModel):
    """Takes so many seconds a step and a token, by a clock of its own; the first steps far more."""

    now = 0.0
    weights_seconds, token_seconds = 1.0, 0.0

    def logits(self, step: Step) -> Any:
        TimedModel.now += self.weights_seconds + self.token_seconds * len(step.tokens_T)
        TimedModel.now += 50 if self.steps % 4 == 0 else 0
        return super().logits(step)


def timed(token_seconds: float, weights_seconds: float = 1.0, **config: Any) -> TimedModel:
    model = TimedModel(small(**config))
    model.reserve(8)
    model.token_seconds, model.weights_seconds = token_seconds, weights_seconds
    return model


def measured(model: TimedModel, draft: TimedModel | None = None, **options: Any) -> Costs:
    wanted = EngineOptions(blocks=8, **{"prompt_lookup": True, **options})
    return costs_of(wanted, model, draft, lambda: TimedModel.now)


@pytest.mark.parametrize(
    ("token_seconds", "free_rows"),
    [(1 / 16, 16), (1 / 300, 300), (0.5, 2), (9.0, 1), (0.0, MAX_FREE_ROWS)],
)
def test_a_step_of_one_token_and_of_some_tell_how_many_are_free(
    token_seconds: float, free_rows: int
) -> None:
    assert measured(timed(token_seconds)).free_rows == free_rows
    assert measured(timed(token_seconds, context=5)).free_rows == free_rows


def test_a_draft_model_is_timed_beside_the_model() -> None:
    model, draft = timed(0.0), timed(0.0, weights_seconds=0.125)
    assert measured(model, draft, prompt_lookup=False).draft_cost == 0.125


def test_what_the_options_say_is_not_measured_and_nothing_is_where_nobody_proposes() -> None:
    model, draft = timed(0.1), timed(0.1)
    assert measured(model, draft, free_rows=7, draft_cost=0.5) == (7, 0.5)
    measured(model, prompt_lookup=False)
    measured(model, draft, max_proposals=0)
    assert model.steps == draft.steps == 0
    engine = Engine(BlockModel(), EngineOptions(blocks=8), lambda _outputs: None)
    assert engine.stats().counters.steps == 0


def test_a_model_that_cannot_be_measured_is_opened_all_the_same() -> None:
    model = timed(0.1)
    model.fails_at = {0}
    assert measured(model).free_rows == 16
