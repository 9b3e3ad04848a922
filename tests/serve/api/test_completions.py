from __future__ import annotations

from typing import Any

import numpy as np
import openai
import pytest

from tests.fakes.scripted_model import ScriptedBackend
from tests.serve.api.live_api import LiveApi


def test_prompts_of_every_kind(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    ids = model.tokenizer.encode("The cat")
    for prompt, count in (("The cat", 1), (["The cat", "A dog"], 2), (ids, 1), ([ids, [5]], 2)):
        done = client.completions.create(model=api.model, prompt=prompt, n=2)
        assert [choice.index for choice in done.choices] == list(range(2 * count))
        assert {choice.text for choice in done.choices} == {"Hello!"}
    assert model.asked[0].prompt == (0, *ids)  # a text begins with the model's own token
    assert model.asked[-1].prompt == (5,)


def test_every_route_keeps_its_callers_prompts_apart(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    client.completions.create(model=api.model, prompt="The cat")
    client.chat.completions.create(
        model=api.model, messages=[{"role": "user", "content": "The cat"}]
    )
    client.responses.create(model=api.model, input="The cat")
    client.embeddings.create(model=api.model, input="The cat")
    assert len(model.asked) == 4
    assert {(asked.user, asked.cache_salt) for asked in model.asked} == {
        ("address:127.0.0.1", "address:127.0.0.1\n")
    }


def test_usage_counts_a_prompt_once(api: LiveApi, model: ScriptedBackend) -> None:
    prompt = model.tokenizer.encode("The cat " * 20)[:40]  # the scripted cache knows whole blocks
    for given, prompts in ((prompt, 1), ([prompt, prompt], 2)):
        usage = api.openai().completions.create(model=api.model, prompt=given, n=3).usage
        assert usage is not None and usage.prompt_tokens_details is not None
        assert usage.prompt_tokens == 40 * prompts
        assert usage.prompt_tokens_details.cached_tokens == 32 * prompts


def test_the_echoed_prompt_is_scored(api: LiveApi, model: ScriptedBackend) -> None:
    done = api.openai().completions.create(
        model=api.model, prompt="The cat", echo=True, logprobs=1, max_tokens=0
    )
    told = done.choices[0].logprobs
    assert done.choices[0].text == "The cat"
    assert told is not None
    assert told.tokens == ["<|begin_of_text|>", "The", " c", "at"]
    assert told.text_offset == [0, 0, 3, 5]
    assert (told.token_logprobs or [])[0] is None
    assert (told.top_logprobs or [])[1] == {"The": -0.5, '"': -1.5}


def test_streams_of_several_prompts_are_told_apart(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda asked: model.tokenizer.decode(asked.prompt)
    texts = ["", ""]
    for chunk in api.openai().completions.create(
        model=api.model, prompt=["left", "right"], stream=True, echo=True, logprobs=0
    ):
        texts[chunk.choices[0].index] += chunk.choices[0].text
        logprobs = chunk.choices[0].logprobs
        assert logprobs is None or len(logprobs.text_offset or ()) == len(logprobs.tokens or ())
    assert texts == ["leftleft", "rightright"]


def test_the_best_of_several_are_shown(api: LiveApi, model: ScriptedBackend) -> None:
    done = api.openai().completions.create(model=api.model, prompt="hi", n=2, best_of=5)
    assert len(done.choices) == 2
    assert len(model.asked) == 5
    assert done.choices[0].logprobs is None


@pytest.mark.parametrize("extra", [{"suffix": "x"}, {"prompt": []}, {"prompt": [[]]}, {"n": 17}])
def test_what_cannot_be_completed(api: LiveApi, model: ScriptedBackend, extra: Any) -> None:
    answer = api.post("/v1/completions", **{"prompt": "hi", **extra})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] in extra


def test_embeddings_have_length_one_in_both_encodings(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    for encoding in ("float", openai.NOT_GIVEN):  # left to itself, the client asks for base64
        done = client.embeddings.create(
            model=api.model, input=["The cat", "A dog"], encoding_format=encoding
        )
        assert [each.index for each in done.data] == [0, 1]
        assert done.data[0].embedding == pytest.approx([0.6, 0.8, 0, 0])
    short = client.embeddings.create(model=api.model, input=[5, 6], dimensions=1)
    assert np.linalg.norm(short.data[0].embedding) == pytest.approx(1)
    with pytest.raises(openai.BadRequestError, match="4"):
        client.embeddings.create(model=api.model, input="x", dimensions=5)


def test_texts_become_tokens_and_back(api: LiveApi, model: ScriptedBackend) -> None:
    told = api.post("/tokenize", prompt="The cat <|eot_id|>").json()
    assert told["count"] == len(told["tokens"])
    text = api.post("/detokenize", tokens=told["tokens"]).json()["prompt"]
    assert text == "<|begin_of_text|>The cat <|eot_id|>"
    chat = api.post("/tokenize", messages=[{"role": "user", "content": "hi"}]).json()
    assert chat["count"] == 13
