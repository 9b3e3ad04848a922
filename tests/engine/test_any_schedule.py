"""Whatever arrives in whatever order, every request gets what it would get alone.

And whatever goes wrong, every request ends exactly once and holds nothing afterwards.
"""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.grammar.kinds import Choice, JsonSchema, Regex
from paddock.engine.grammar.matching import Vocabulary
from paddock.engine.request import Finish
from paddock.starter import starter_folder
from tests.engine.driving import Driven, check_as_alone, check_nothing_is_held
from tests.engine.schedules import Event, check_adapters_are_freed, options, play, schedules
from tests.fakes.block_model import BlockModel, small

SIZE = json.loads((starter_folder() / "config.json").read_text())["vocab_size"]
VOCABULARY = Vocabulary((starter_folder() / "tokenizer.json").read_text(), SIZE, [SIZE - 1])
FORMS = (
    Choice(("yes", "no", "yes and no, or whatever else you would like to hear")),
    Regex("[ab]{1,30}c"),
    Regex(""),
    JsonSchema('{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}'),
    JsonSchema(json.dumps({"anyOf": [{"const": "cheap"}, {"pattern": "a?" * 300 + "a" * 300}]})),
)
NOT_RUN = "the model could not be run"

agreements = st.sampled_from([None, 1.0, 0.7])


@settings(max_examples=100)
@given(options, schedules(), agreements)
def test_every_request_gets_what_it_would_get_alone(
    chosen: dict[str, int], events: list[Event], agreement: float | None
) -> None:
    draft = None if agreement is None else BlockModel(agreement=agreement)
    driven = Driven(BlockModel(), draft, **chosen)
    adapters = play(driven, events)
    for event in events:
        _check_end(driven, event, adapters[event.request.id])
    check_nothing_is_held(driven.engine)
    check_adapters_are_freed(driven)
    assert driven.engine.stats().counters.failed_steps == 0


@settings(max_examples=60)
@given(
    options, schedules(FORMS), agreements,
    st.sets(st.integers(0, 60), max_size=8), st.sets(st.integers(0, 30), max_size=1),
    st.sampled_from([None, 13]),
)  # fmt: skip
def test_whatever_fails_every_request_ends_once_and_those_that_go_on_are_right(
    chosen: dict[str, int], events: list[Event], agreement: float | None,
    fails_at: set[int], draft_fails_at: set[int], nan_token: int | None,
) -> None:  # fmt: skip
    config = small(vocab_size=SIZE)
    draft = None
    if agreement is not None:
        draft = BlockModel(config, agreement, fails_at=draft_fails_at)
    runner = BlockModel(config, fails_at=fails_at, nan_token=nan_token)
    driven = Driven(runner, draft, **{**chosen, "vocabulary": VOCABULARY})
    adapters = play(driven, events)
    assert set(driven.answers) == set(adapters), "who was taken is told"
    for event in events:
        if event.request.id in adapters:
            _check_end(driven, event, adapters[event.request.id])
    check_nothing_is_held(driven.engine)
    check_adapters_are_freed(driven)
    counters = driven.engine.stats().counters
    assert counters.finished + counters.cancelled + counters.failed == len(adapters)
    driven.engine.stop()
    assert runner.is_closed


def _check_end(driven: Driven, event: Event, adapter: int) -> None:
    answer = driven.answers[event.request.id]
    assert answer.finish is not None, "it ended"
    if answer.finish is Finish.CANCELLED:
        assert event.patience is not None
    elif answer.error == NOT_RUN:
        assert driven.engine.stats().counters.failed_steps > 0
    else:
        check_as_alone(driven, event.request, adapter)
