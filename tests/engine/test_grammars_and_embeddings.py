"""Output that follows a form, with and without guesses; and what else a prompt is read for."""

from __future__ import annotations

import gc
import json
import re

import pytest

from paddock.engine.errors import BadGrammar, EngineFull, ImpossibleRequest
from paddock.engine.grammar.kinds import Choice, Grammar, JsonSchema, Regex
from paddock.engine.grammar.matching import CACHED_GRAMMARS, Vocabulary
from paddock.engine.request import Finish, Sampling
from paddock.starter import starter_folder
from tests.engine.driving import Driven, asking, check_as_alone, check_nothing_is_held
from tests.fakes.block_model import BlockModel, small

FOLDER = starter_folder()
END = json.loads((FOLDER / "config.json").read_text())["eos_token_id"]
ENDS = END if isinstance(END, list) else [END]


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    size = json.loads((FOLDER / "config.json").read_text())["vocab_size"]
    return Vocabulary((FOLDER / "tokenizer.json").read_text(), size, ENDS)


@pytest.fixture(scope="module")
def decode() -> object:
    from tokenizers import Tokenizer as Reader

    return Reader.from_file(str(FOLDER / "tokenizer.json")).decode


FORMS: list[tuple[Grammar, str]] = [
    (Choice(("yes", "no", "yes and no")), r"yes|no|yes and no"),
    (Regex(r"order [0-9]{4}"), r"order [0-9]{4}"),
    (
        JsonSchema(
            '{"type": "object", "properties": {"ready": {"type": "boolean"}},'
            ' "required": ["ready"], "additionalProperties": false}'
        ),
        r'\{\s*"ready"\s*:\s*(true|false)\s*\}',
    ),
]


@pytest.mark.parametrize(("form", "pattern"), FORMS)
def test_output_follows_the_form_and_guesses_change_nothing(
    form: Grammar, pattern: str, vocabulary: Vocabulary, decode: object
) -> None:
    told = []
    config = small(vocab_size=vocabulary.vocab_size)
    for draft, proposals in ((None, 0), (None, 6), (BlockModel(config), 6)):
        driven = Driven(
            BlockModel(config), draft, vocabulary=vocabulary, max_proposals=proposals,
            prompt_lookup=proposals > 0,
        )  # fmt: skip
        for seed in range(3):
            request = asking(
                f"r{seed}", [1, 2, 3], 80, grammar=form, sampling=Sampling(seed=seed), logprobs=0
            )
            answer = driven.answer(request)
            assert answer.finish is Finish.STOP, answer
            assert re.fullmatch(pattern, decode(answer.token_ids)), decode(answer.token_ids)
            told.append(answer.token_ids)
            assert len(answer.logprobs) == len(answer.token_ids)
        check_nothing_is_held(driven.engine)
    assert told[:3] == told[3:6] == told[6:]


def test_text_that_the_form_forces_is_checked_many_tokens_at_once(vocabulary: Vocabulary) -> None:
    driven = Driven(BlockModel(small(vocab_size=vocabulary.vocab_size)), vocabulary=vocabulary)
    sentence = "the parcel is on its way and will be with you tomorrow"
    answer = driven.answer(asking("r", [1], 200, grammar=Choice((sentence,))))
    assert answer.finish is Finish.STOP
    counters = driven.engine.stats().counters
    assert counters.proposed_tokens > 0
    assert driven.runner.steps < len(answer.token_ids)


def test_a_form_that_is_not_followed_is_told_at_submit(vocabulary: Vocabulary) -> None:
    driven = Driven(BlockModel(small(vocab_size=vocabulary.vocab_size)), vocabulary=vocabulary)
    with pytest.raises(BadGrammar):
        driven.submit(asking("r", [1], 9, grammar=Regex("(")))


MANY_WAYS = {"type": "string", "pattern": f"^{'a?' * 300}{'a' * 300}$"}
COSTLY = JsonSchema(
    json.dumps(
        {
            "type": "object",
            "properties": {"a": {"type": "string", "pattern": "^[a-z ]{30}$"}, "b": MANY_WAYS},
            "required": ["a", "b"],
            "additionalProperties": False,
        }
    )
)


@pytest.mark.parametrize("proposals", [0, 6])
def test_a_form_that_becomes_too_costly_in_mid_answer_ends_its_own_request(
    vocabulary: Vocabulary, proposals: int
) -> None:
    driven = Driven(
        BlockModel(small(vocab_size=vocabulary.vocab_size)),
        vocabulary=vocabulary, max_proposals=proposals,
    )  # fmt: skip
    beside = asking("beside", [1, 2, 3], 30)
    driven.submit(asking("costly", [1], 200, grammar=COSTLY), beside)
    driven.run()
    answer = driven.answers["costly"]
    assert answer.token_ids, "it began"
    assert answer.finish is Finish.ERROR
    assert isinstance(answer.fault, BadGrammar)
    assert "too costly" in answer.fault.message == answer.error
    assert driven.answers["beside"].finish is Finish.LENGTH
    assert driven.engine.stats().counters.failed_steps == 0
    check_nothing_is_held(driven.engine)


def test_what_one_request_does_with_a_form_decides_nothing_for_others(
    vocabulary: Vocabulary,
) -> None:
    """All that follow one form share its automaton, which has met its limit with the first."""
    either = JsonSchema(json.dumps({"anyOf": [{"const": "cheap and cheerful"}, MANY_WAYS]}))
    driven = Driven(BlockModel(small(vocab_size=vocabulary.vocab_size)), vocabulary=vocabulary)
    for seed in range(6):
        driven.submit(asking(f"r{seed}", [1], 60, grammar=either, sampling=Sampling(seed=seed)))
    driven.run()
    told = [driven.answers[f"r{seed}"] for seed in range(6)]
    assert {type(answer.fault) for answer in told} == {BadGrammar, type(None)}
    for seed, answer in enumerate(told):
        alone = Driven(BlockModel(small(vocab_size=vocabulary.vocab_size)), vocabulary=vocabulary)
        expected = alone.answer(asking("r", [1], 60, grammar=either, sampling=Sampling(seed=seed)))
        assert answer.finish is expected.finish
        assert answer.fault or answer.token_ids == expected.token_ids


def test_many_different_forms_that_wait_are_bounded_and_equal_ones_are_not(
    vocabulary: Vocabulary,
) -> None:
    gc.collect()
    before = vocabulary.compiled
    driven = Driven(
        BlockModel(small(vocab_size=vocabulary.vocab_size)),
        vocabulary=vocabulary, max_forms=80, max_waiting=1024, prefix_cache=False,
    )  # fmt: skip

    def ask(number: int, form: int, user: str) -> None:
        grammar = JsonSchema(json.dumps({"const": form}))
        driven.submit(asking(f"r{number}", [1], 20, grammar=grammar, user=user))

    taken = 0
    for number in range(1000):
        try:
            ask(number, number, "many")
        except EngineFull as e:
            assert "different forms" in e.message
        else:
            taken += 1
    assert taken == 80
    for number in range(1000, 1500):
        ask(number, number % 80, "many")
    for number in range(2000, 2020):
        ask(number, number, f"u{number}")
    with pytest.raises(EngineFull):
        ask(3000, 3000, "late")
    assert vocabulary.compiled - before <= 100 + CACHED_GRAMMARS
    driven.run()
    assert len(driven.answers) == 80 + 500 + 20
    assert {answer.finish for answer in driven.answers.values()} == {Finish.STOP}
    gc.collect()
    assert vocabulary.compiled <= CACHED_GRAMMARS
    check_nothing_is_held(driven.engine)


def test_a_form_that_min_tokens_contradicts_is_the_requests_own_fault(
    vocabulary: Vocabulary,
) -> None:
    driven = Driven(BlockModel(small(vocab_size=vocabulary.vocab_size)), vocabulary=vocabulary)
    answer = driven.answer(asking("r", [1], 9, grammar=Regex(""), min_tokens=3))
    assert answer.finish is Finish.ERROR
    assert isinstance(answer.fault, ImpossibleRequest)
    assert "min_tokens" in answer.fault.message


def test_an_embedding_is_the_state_of_the_last_token_however_the_prompt_is_cut() -> None:
    driven = Driven(blocks=100, max_sequences=4, max_step_tokens=20)
    requests = [asking(f"r{n}", [n] * (50 + n), 0, embed=True) for n in range(4)]
    driven.submit(*requests, asking("text", [1, 2], 30))
    driven.run()
    for request in requests:
        check_as_alone(driven, request)
    check_as_alone(driven, asking("text", [1, 2], 30))


def test_a_prompt_that_is_only_read_ends_with_nothing() -> None:
    driven = Driven()
    answer = driven.answer(asking("r", [1] * 20, 0))
    assert (answer.finish, answer.token_ids) == (Finish.LENGTH, [])
