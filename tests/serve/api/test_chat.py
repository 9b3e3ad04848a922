from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

import openai
import pytest
from openai import pydantic_function_tool
from pydantic import BaseModel

from paddock.engine.grammar.kinds import Choice, JsonSchema, Regex
from paddock.serve.api.chat_body import ChatBody
from paddock.serve.api.parameters import HARMLESS, REFUSED
from tests.fakes.scripted_model import ScriptedBackend
from tests.serve.api.live_api import LiveApi

HI: Any = [{"role": "user", "content": "hi"}]


class Weather(BaseModel):
    """The weather somewhere."""

    city: Literal["Paris", "Rome"]
    days: int = 1


TOOLS: Any = [pydantic_function_tool(Weather, name="weather")]
CALL = '{"name": "weather", "parameters": {"city": "Paris", "days": 2}}'


def test_models_are_listed_and_found_by_names_with_slashes(api: LiveApi) -> None:
    client = api.openai()
    assert [model.id for model in client.models.list()] == [api.model]
    assert client.models.retrieve(api.model).object == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("no/such")
    assert caught.value.code == "model_not_found"


def test_a_whole_answer(api: LiveApi, model: ScriptedBackend) -> None:
    done = api.openai().chat.completions.create(model=api.model, messages=HI, n=2)
    assert [choice.message.content for choice in done.choices] == ["Hello!", "Hello!"]
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (13, 4)


def test_a_stream_says_the_same_as_the_whole(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda asked: f"Bonjour, café 🦙 {asked.sampling.seed}"
    chunks = list(
        api.openai().chat.completions.create(
            model=api.model,
            messages=HI,
            stream=True,
            stream_options={"include_usage": True},
            n=2,
            seed=7,
        )
    )
    for index in (0, 1):
        mine = [c.choices[0] for c in chunks if c.choices and c.choices[0].index == index]
        assert mine[0].delta.role == "assistant"
        text = "".join(choice.delta.content or "" for choice in mine)
        assert text == f"Bonjour, café 🦙 {7 + index}"
        assert [choice.finish_reason for choice in mine if choice.finish_reason] == ["stop"]
    assert chunks[-1].usage is not None
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_events_of_a_stream_to_the_byte(api: LiveApi, model: ScriptedBackend) -> None:
    body = {"messages": HI, "stream": True}
    answer = api.post("/v1/chat/completions", **body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    first, *_others = lines = answer.text.split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    value = json.loads(first.removeprefix("data: "))
    assert value | {"id": "", "created": 0} == {
        "id": "",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": api.model,
        "system_fingerprint": None,
        "choices": [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": ""},
                "logprobs": None,
                "finish_reason": None,
            }
        ],
    }


def test_log_probabilities(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    done = client.chat.completions.create(
        model=api.model, messages=HI, logprobs=True, top_logprobs=2
    )
    told = done.choices[0].logprobs
    assert told is not None and told.content is not None
    assert [each.token for each in told.content] == ["Hello", "!"]
    assert bytes(told.content[0].bytes or ()) == b"Hello"
    assert len(told.content[0].top_logprobs) == 2


def test_a_tool_loop_of_the_official_client(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    model.script = lambda _asked: CALL
    first = client.chat.completions.create(model=api.model, messages=HI, tools=TOOLS)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.content is None
    (call,) = message.tool_calls or ()
    assert call.type == "function"
    assert json.loads(call.function.arguments) == {"city": "Paris", "days": 2}
    model.script = lambda _asked: "Sunny."
    history = [*HI, message, {"role": "tool", "tool_call_id": call.id, "content": "23 degrees"}]
    second = client.chat.completions.create(model=api.model, messages=history, tools=TOOLS)
    assert second.choices[0].message.content == "Sunny."
    seen = model.tokenizer.decode(model.asked[-1].prompt)
    assert "23 degrees" in seen
    assert '"parameters": {"city": "Paris", "days": 2}' in seen


def test_calls_are_streamed_and_parsed(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda _asked: CALL
    with api.openai().chat.completions.stream(model=api.model, messages=HI, tools=TOOLS) as stream:
        deltas = [event for event in stream if event.type == "tool_calls.function.arguments.delta"]
        done = stream.get_final_completion()
    assert len(deltas) > 3
    (call,) = done.choices[0].message.tool_calls or ()
    assert call.function.parsed_arguments == Weather(city="Paris", days=2)


def test_a_call_and_the_end_that_come_at_once_are_told_one_after_the_other(
    api: LiveApi, model: ScriptedBackend
) -> None:
    """The official client tells of no call's end that comes in the event of its beginning."""
    model.script, model.tokens_at_once = lambda _asked: CALL, 1000
    model.ends_with_tokens = True
    with api.openai().chat.completions.stream(model=api.model, messages=HI, tools=TOOLS) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
    assert [json.loads(event.arguments) for event in done] == [{"city": "Paris", "days": 2}]


@pytest.mark.parametrize(
    ("choice", "constrained", "offered"),
    [
        ("none", False, False),
        ("auto", False, True),
        ("required", True, True),
        ({"type": "function", "function": {"name": "weather"}}, True, True),
    ],
)
def test_the_choice_of_tools_binds_the_model(
    api: LiveApi, model: ScriptedBackend, choice: Any, constrained: bool, offered: bool
) -> None:
    model.script = lambda _asked: CALL if constrained else "No."
    done = api.openai().chat.completions.create(
        model=api.model, messages=HI, tools=TOOLS, tool_choice=choice
    )
    asked = model.asked[-1]
    assert isinstance(asked.grammar, JsonSchema) is constrained
    assert ("weather" in model.tokenizer.decode(asked.prompt)) is offered
    assert bool(done.choices[0].message.tool_calls) is constrained


def test_structured_answers_are_parsed_by_the_official_client(
    api: LiveApi, model: ScriptedBackend
) -> None:
    model.script = lambda _asked: '{"city": "Rome", "days": 3}'
    done = api.openai().chat.completions.parse(
        model=api.model, messages=HI, response_format=Weather
    )
    assert done.choices[0].message.parsed == Weather(city="Rome", days=3)
    grammar = model.asked[-1].grammar
    assert isinstance(grammar, JsonSchema)
    assert json.loads(grammar.schema)["properties"]["city"]["enum"] == ["Paris", "Rome"]


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ({"structured_outputs": {"regex": "[ab]+"}}, Regex),
        ({"structured_outputs": {"choice": ["yes", "no"]}}, Choice),
        ({"guided_json": {"type": "object"}}, JsonSchema),
        ({"guided_regex": "[ab]+"}, Regex),
        ({"guided_choice": ["yes", "no"]}, Choice),
        ({"response_format": {"type": "json_object"}}, JsonSchema),
        ({"response_format": {"type": "text"}}, type(None)),
    ],
)
def test_every_way_to_ask_for_a_form(
    api: LiveApi, model: ScriptedBackend, extra: Any, kind: type
) -> None:
    api.openai().chat.completions.create(model=api.model, messages=HI, extra_body=extra)
    assert isinstance(model.asked[-1].grammar, kind)


def test_every_parameter_reaches_the_engine(api: LiveApi, model: ScriptedBackend) -> None:
    extra = {
        "top_k": 5,
        "min_p": 0.1,
        "repetition_penalty": 1.1,
        "min_tokens": 1,
        "ignore_eos": True,
        "stop_token_ids": [9],
        "cache_salt": "mine",
        "chat_template_kwargs": {"date": "today"},
    }
    api.openai().chat.completions.create(
        model=api.model,
        messages=HI,
        temperature=0.5,
        top_p=0.9,
        presence_penalty=0.3,
        frequency_penalty=0.4,
        logit_bias={"5": 3},
        seed=-1,
        max_completion_tokens=50,
        extra_body=extra,
    )
    asked = model.asked[-1]
    assert asked.max_tokens == 50
    assert (asked.min_tokens, asked.stop_ids) == (1, frozenset({9}))
    assert asked.cache_salt == "address:127.0.0.1\nmine"  # callers do not see each other's prompts
    sampling = asked.sampling
    assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.5, 0.9, 5)
    assert (sampling.min_p, sampling.repetition_penalty) == (0.1, 1.1)
    assert (sampling.presence_penalty, sampling.frequency_penalty) == (0.3, 0.4)
    assert dict(sampling.logit_bias) == {5: 3.0}
    assert sampling.seed == (1 << 64) - 1
    api.openai().chat.completions.create(model=api.model, messages=HI, top_p=0)
    assert model.asked[-1].sampling.top_k == 1


def test_what_clients_send_without_meaning_is_taken(api: LiveApi, model: ScriptedBackend) -> None:
    done = api.openai().chat.completions.create(
        model=api.model,
        messages=[{"role": "developer", "content": "be brief"}, *HI],
        store=True,
        metadata={"a": "b"},
        user="me",
        service_tier="auto",
        reasoning_effort="low",
        safety_identifier="x",
        prompt_cache_key="y",
        modalities=["text"],
        stop=["zzz"],
        parallel_tool_calls=False,
    )
    assert done.choices[0].message.content == "Hello!"
    assert "system" in model.tokenizer.decode(model.asked[-1].prompt)


def test_null_means_the_default_everywhere(api: LiveApi, model: ScriptedBackend) -> None:
    names = {*ChatBody.model_fields, *HARMLESS, *REFUSED} - {"model", "messages"}
    said: Any = dict.fromkeys(["name", "tool_calls", "refusal", "function_call", "audio"])
    answer = api.post("/v1/chat/completions", messages=[HI[0] | said], **dict.fromkeys(names))
    assert answer.json()["choices"][0]["message"]["content"] == "Hello!"


def test_the_asynchronous_client_streams_many_at_once(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda asked: f"answer {asked.sampling.seed}"

    async def one(client: openai.AsyncOpenAI, seed: int) -> str:
        stream = await client.chat.completions.create(
            model=api.model, messages=HI, stream=True, seed=seed
        )
        return "".join([c.choices[0].delta.content or "" async for c in stream])

    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=f"{api.url}/v1", api_key="-") as client:
            return await asyncio.gather(*(one(client, seed) for seed in range(20)))

    assert asyncio.run(all_of_them()) == [f"answer {seed}" for seed in range(20)]


def test_an_error_in_the_middle_of_a_stream_is_told_in_it(
    api: LiveApi, model: ScriptedBackend
) -> None:
    model.script, model.error = lambda _asked: "one two", "the model gave no number"
    stream = api.openai().chat.completions.create(model=api.model, messages=HI, stream=True)
    with pytest.raises(openai.APIError, match="gave no number"):
        list(stream)
    with pytest.raises(openai.InternalServerError):
        api.openai().chat.completions.create(model=api.model, messages=HI)
