"""A grammar's mask and the sampler together: the text follows the form whatever the model says."""

from __future__ import annotations

import json

import jsonschema_rs
import numpy as np
import pytest

from paddock.engine.grammar.kinds import Choice, JsonSchema
from paddock.engine.grammar.matching import compile_grammar
from paddock.engine.request import Sampling
from paddock.engine.sampling.sampler import choose
from paddock.engine.step import Row
from tests.engine.grammar.vocabularies import text_of, vocabulary

SCHEMA = {
    "type": "object",
    "properties": {
        "colour": {"enum": ["red", "reddish", "blue"]},
        "sizes": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
        "code": {"type": "string", "pattern": "^[a-f]{1,4}$"},
    },
    "required": ["colour", "sizes", "code"],
    "additionalProperties": False,
}


def generated(grammar, sampling: Sampling) -> str:
    """Text from a model of random logits."""
    known = vocabulary()
    matcher = compile_grammar(grammar, known)
    tokens: list[int] = []
    while len(tokens) < 500:
        logits = np.random.default_rng([sampling.seed, len(tokens)]).normal(size=known.vocab_size)
        row = Row(sampling, len(tokens), output=tokens, mask_V=matcher.mask())
        (found,) = choose(logits[np.newaxis].astype(np.float32), [row])
        assert found is not None
        assert matcher.accept(found.token_id)
        if found.token_id in known.eos_ids:
            return text_of("starter", tokens)
        tokens.append(found.token_id)
    pytest.fail("no end came")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "sampling",
    [
        {},
        {"temperature": 0.0, "frequency_penalty": 2.0},
        {"temperature": 100.0, "top_p": 0.3},
        {"top_k": 1},
        {"min_p": 0.9, "presence_penalty": 10.0, "logit_bias": {7: 100.0, 9: -100.0}},
    ],
)
def test_any_sampling_follows_the_schema(sampling, seed):
    text = generated(JsonSchema(json.dumps(SCHEMA)), Sampling(**sampling, seed=seed))
    jsonschema_rs.validate(SCHEMA, json.loads(text))


def test_every_choice_is_drawn_by_some_seed():
    options = ("yes", "yes, but", "no")
    drawn = {generated(Choice(options), Sampling(seed=seed)) for seed in range(60)}
    assert drawn == set(options)
