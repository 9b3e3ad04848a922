from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from paddock.serve.api.errors import ResponseNotFound
from paddock.serve.api.parameters import HARMLESS, REFUSED
from paddock.serve.api.response_body import ResponseBody
from paddock.serve.api.response_store import ResponseStore
from paddock.serve.callers import Caller
from tests.fakes.scripted_model import ScriptedBackend
from tests.serve.api.live_api import LiveApi

TOOL: Any = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}


class City(BaseModel):
    name: str


def test_an_answer_can_be_asked_for_again_and_forgotten(
    api: LiveApi, model: ScriptedBackend
) -> None:
    client = api.openai()
    made = client.responses.create(model=api.model, input="hi", instructions="be brief")
    assert (made.status, made.output_text) == ("completed", "Hello!")
    assert made.usage is not None and made.usage.output_tokens == 2
    assert client.responses.retrieve(made.id).output_text == "Hello!"
    assert len(client.responses.input_items.list(made.id).data) == 1
    with pytest.raises(openai.BadRequestError, match="background"):
        client.responses.cancel(made.id)
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    unkept = client.responses.create(model=api.model, input="hi", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(unkept.id)


def test_what_was_asked_is_told_in_pages(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    said: Any = [{"role": "user", "content": f"number {number}"} for number in range(25)]
    said[3] = {"type": None, "role": "assistant", "content": "aha", "status": None}
    made = client.responses.create(model=api.model, input=said)
    newest = client.responses.input_items.list(made.id, limit=2)
    assert len(newest.data) == 2 and newest.has_more
    told = [item.to_dict() for item in client.responses.input_items.list(made.id, order="asc")]
    assert len(told) == 25
    assert [part["text"] for item in told for part in item["content"]] == [
        "aha" if number == 3 else f"number {number}" for number in range(25)
    ]
    assert told[-1]["id"] == newest.data[0].id
    for query in ({"order": "up"}, {"limit": 0}, {"limit": "9" * 5000}, {"after": "msg_no"}):
        answer = api.http.get(f"/v1/responses/{made.id}/input_items", params=query)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, next(iter(query)))


def test_a_conversation_goes_on_where_it_was(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    first = client.responses.create(model=api.model, input="my name is Ada", instructions="once")
    client.responses.create(model=api.model, input="who?", previous_response_id=first.id)
    seen = model.tokenizer.decode(model.asked[-1].prompt)
    assert "my name is Ada" in seen and "Hello!" in seen and "who?" in seen
    assert "once" not in seen


def test_a_conversation_that_is_too_long_loses_its_oldest_messages_where_that_is_asked_for(
    api: LiveApi, model: ScriptedBackend
) -> None:
    client = api.openai()
    asked: Any = {"model": api.model, "instructions": "be brief", "input": []}
    for number in range(160):
        call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
        output = {"type": "function_call_output", "call_id": "c", "output": f"result {number}"}
        asked["input"] += [{"role": "user", "content": f"question {number}"}, call, output]
    with pytest.raises(openai.BadRequestError, match="no room"):
        client.responses.create(**asked)
    client.responses.create(**asked, truncation="auto")
    prompt = model.asked[-1].prompt
    seen = model.tokenizer.decode(prompt)
    assert "be brief" in seen and "question 159" in seen and "question 0" not in seen
    results = [number for number in range(160) if f"result {number}" in seen]
    assert results == [number for number in range(160) if f"question {number}" in seen]
    assert 2048 < len(prompt) <= 3072  # of 4096: as much as leaves room for an answer
    many: Any = [{"role": "user", "content": ""}] * 4096
    longest = client.responses.create(model=api.model, input=many, truncation="auto")
    further: Any = {"model": api.model, "input": "hi", "previous_response_id": longest.id}
    with pytest.raises(openai.BadRequestError, match="4098 messages"):
        client.responses.create(**further)
    client.responses.create(**further, truncation="auto")
    assert model.tokenizer.decode(model.asked[-1].prompt).endswith("hiassistant\n\n")
    asked["input"] = "word " * 9000
    with pytest.raises(openai.BadRequestError, match="no room"):
        client.responses.create(**asked, truncation="auto")


def test_tokens_are_counted_before_anything_is_asked(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    asked: Any = {"model": api.model, "input": "hi", "instructions": "be brief", "tools": [TOOL]}
    counted = client.responses.input_tokens.count(**asked).input_tokens
    assert not model.asked
    made = client.responses.create(**asked)
    assert made.usage is not None and counted == made.usage.input_tokens > 50


def test_the_events_come_in_order_with_their_numbers(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda _asked: "Bonjour 🦙"
    with api.openai().responses.stream(model=api.model, input="hi") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events if event.type != "response.output_text.delta"]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert final.output_text == "Bonjour 🦙"


def test_a_tool_loop(api: LiveApi, model: ScriptedBackend) -> None:
    client = api.openai()
    model.script = lambda _asked: '{"name": "weather", "parameters": {"city": "Rome"}}'
    with client.responses.stream(model=api.model, input="weather?", tools=[TOOL]) as stream:
        kinds = {event.type for event in stream}
        first = stream.get_final_response()
    assert "response.function_call_arguments.delta" in kinds
    (call,) = first.output
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"city": "Rome"}
    model.script = lambda _asked: "Sunny."
    output: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "23"}]
    second = client.responses.create(
        model=api.model, input=output, previous_response_id=first.id, tools=[TOOL]
    )
    assert second.output_text == "Sunny."
    whole = client.responses.create(
        model=api.model,
        input=[{"role": "user", "content": "weather?"}, call.to_dict(), *output],
    )
    assert whole.output_text == "Sunny."


@pytest.mark.parametrize("at_once", [1, 7, 1000])
@pytest.mark.parametrize("rest", ["", " That is all."])
def test_calls_have_no_logarithms_and_text_may_follow_them(
    api: LiveApi, model: ScriptedBackend, at_once: int, rest: str
) -> None:
    call = '{"name": "weather", "parameters": {"city": "Rome"}}'
    model.script, model.tokens_at_once = lambda _asked: call + rest, at_once
    asked: Any = {"model": api.model, "input": "hi", "tools": [TOOL], "top_logprobs": 1}
    made = api.openai().responses.create(**asked)
    kinds = ["function_call", *(["message"] if rest else [])]
    assert [item.type for item in made.output] == kinds
    assert made.output_text == rest.strip()
    with api.openai().responses.stream(**asked) as stream:
        assert [item.type for item in stream.get_final_response().output] == kinds
    model.script = lambda _asked: '{"no call'
    (said,) = api.openai().responses.create(**asked).output
    assert said.type == "message" and said.content[0].type == "output_text"
    told = said.content[0].logprobs or ()
    assert "".join(each.token for each in told) == said.content[0].text == '{"no call'


def test_null_means_the_default_everywhere(api: LiveApi, model: ScriptedBackend) -> None:
    names = {*ResponseBody.model_fields, *HARMLESS, *REFUSED} - {"model", "input"}
    answer = api.post("/v1/responses", input="hi", **dict.fromkeys(names))
    assert answer.status_code == 200
    made = api.openai().responses.create(model=api.model, input="hi", text={"format": None})
    assert made.text is not None and made.text.format is not None
    assert made.text.format.type == "text"


def test_structured_answers_are_parsed(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda _asked: '{"name": "Rome"}'
    done = api.openai().responses.parse(model=api.model, input="where?", text_format=City)
    assert done.output_parsed == City(name="Rome")
    assert model.asked[-1].grammar is not None


def test_an_answer_that_is_cut_short_is_incomplete(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda _asked: "one two three four"
    done = api.openai().responses.create(model=api.model, input="count", max_output_tokens=3)
    assert done.status == "incomplete"
    assert done.incomplete_details is not None
    assert done.incomplete_details.reason == "max_output_tokens"


def test_an_error_in_the_middle_is_an_event(api: LiveApi, model: ScriptedBackend) -> None:
    model.error = "the model gave no number"
    answer = api.post("/v1/responses", input="hi", stream=True)
    assert "event: error\n" in answer.text
    assert "event: response.failed\n" in answer.text


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"tools": [{"type": "web_search"}]}, "unsupported_parameter"),
        ({"background": True}, "unsupported_parameter"),
        ({"conversation": "conv_1"}, "unsupported_parameter"),
        ({"previous_response_id": "resp_no"}, "response_not_found"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "unsupported_parameter"),
        ({"input": [5]}, "invalid_value"),
        ({"input": None}, "invalid_value"),
        ({"text": {"format": {"type": "xml"}}}, "unsupported_parameter"),
        ({"include": ["message.output_text.logprob"]}, "invalid_value"),
        ({"prompt_logprobs": 1}, "unsupported_parameter"),
        ({"tool_choice": {"type": "web_search"}}, "invalid_value"),
        ({"truncation": "some"}, "invalid_value"),
    ],
)
def test_what_is_not_done_here_is_refused(
    api: LiveApi, model: ScriptedBackend, extra: Any, code: str
) -> None:
    answer = api.post("/v1/responses", **{"input": "hi", **extra})
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["code"] == code


def test_what_is_kept_is_bounded_and_everyones_own() -> None:
    store, me, other = ResponseStore(max_bytes=10_000), Caller("me"), Caller("other")
    for number in range(30):
        store.keep(me, {"id": f"r{number}", "text": "x" * 1000}, [], [])
    assert store.find(me, "r29").size_bytes > 1000
    with pytest.raises(ResponseNotFound):
        store.find(me, "r5")
    with pytest.raises(ResponseNotFound):
        store.find(other, "r29")
