"""Output that follows a form, with and without guesses; and what else a prompt is read for."""

from __future__ import annotations

import json
import re

import pytest

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.kinds import Choice, Grammar, JsonSchema, Regex
from paddock.engine.grammar.matching import Vocabulary
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
            assert re.fullmatch(pattern, decode(answer.token_ids)), decode(answer.token_ids)  # type: ignore[operator]
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
