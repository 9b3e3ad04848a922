"""Whatever is asked of the starter, a stream says what the whole answer says, and no mix fails."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from paddock.engine.opening import OpenOptions
from paddock.serve.models.native import NativeLoader, NativeOptions
from tests.serve.api.live_api import LiveApi, live_api

FUNCTION: Any = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 8}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
FORM: Any = {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}
CHOICES: Any = ["auto", "none", "required"]
ALL: dict[str, list[Any]] = {
    "temperature": [0, 1, None], "top_p": [0, 0.5, 1], "stop": ["a", ["e", " "], [], None],
    "presence_penalty": [1], "frequency_penalty": [-1], "logit_bias": [{"5": -100}, {}],
    "top_k": [1, 5, -1], "min_p": [0.1], "repetition_penalty": [1.3], "min_tokens": [3],
    "ignore_eos": [True], "include_stop_str_in_output": [True], "guided_regex": ["[ab]{2}"],
    "guided_choice": [["yes", "no"]], "guided_json": [FORM],
}  # fmt: skip
CHAT: dict[str, list[Any]] = {
    "n": [2, 3], "logprobs": [True], "tool_choice": CHOICES, "parallel_tool_calls": [True, False],
    "tools": [[{"type": "function", "function": FUNCTION}]],
    "response_format": [
        {"type": "json_object"}, {"type": "json_schema", "json_schema": {"schema": FORM}},
    ],
}  # fmt: skip
COMPLETIONS: dict[str, list[Any]] = {"n": [2], "echo": [True], "logprobs": [0, 2]}
RESPONSES: dict[str, list[Any]] = {
    "instructions": ["be nice"], "tools": [[{"type": "function", **FUNCTION}]],
    "tool_choice": CHOICES, "top_logprobs": [0, 2], "truncation": ["auto"],
    "text": [{"format": {"type": "json_object"}}], "parallel_tool_calls": [True, False],
}  # fmt: skip


@pytest.fixture(scope="module")
def starter() -> Iterator[LiveApi]:
    with live_api(lambda: NativeLoader(NativeOptions(OpenOptions(threads=1)))) as running:
        yield running


def drawn(random_: random.Random, fields: dict[str, list[Any]], most: int) -> dict[str, Any]:
    names = random_.sample(sorted(fields), random_.randint(0, most))
    return {name: random_.choice(fields[name]) for name in names}


def both(api: LiveApi, path: str, body: dict[str, Any]) -> tuple[Any, list[Any]] | None:
    """The whole answer and the events of the stream; None where both are refused by name."""
    whole, streamed = api.post(path, **body), api.post(path, **body, stream=True)
    assert whole.status_code == streamed.status_code, body
    if whole.status_code != 200:
        assert whole.status_code == 400, body
        assert whole.json()["error"]["param"] in body, body
        assert whole.json() == streamed.json()
        return None
    lines = [line[6:] for line in streamed.text.split("\n") if line.startswith("data: ")]
    return whole.json(), [json.loads(line) for line in lines if line != "[DONE]"]


def told(events: list[Any]) -> dict[int, list[str]]:
    """Text, arguments of calls, scored text and reason of each choice of a stream."""
    found: dict[int, list[str]] = {}
    for choice in (choice for event in events for choice in event["choices"]):
        sums, delta = found.setdefault(choice["index"], [""] * 4), choice.get("delta", choice)
        sums[0] += delta.get("content") or delta.get("text") or ""
        for call in delta.get("tool_calls") or ():
            sums[1] += call["function"]["arguments"]
        sums[2] += scored(choice)
        sums[3] += choice["finish_reason"] or ""
    return found


def whole_told(answer: Any) -> dict[int, list[str]]:
    """The same of a whole answer."""
    found = {}
    for choice in answer["choices"]:
        message = choice.get("message", choice)
        calls = [call["function"]["arguments"] for call in message.get("tool_calls") or ()]
        text = message.get("content") or message.get("text") or ""
        found[choice["index"]] = [text, "".join(calls), scored(choice), choice["finish_reason"]]
    return found


def scored(choice: Any) -> str:
    logprobs = choice["logprobs"] or {}
    texts = logprobs.get("tokens") or [each["token"] for each in logprobs.get("content") or ()]
    return "".join(texts)


@pytest.mark.parametrize("seed", range(2))
def test_chat_and_completions(starter: LiveApi, seed: int) -> None:
    random_ = random.Random(seed)
    for number in range(16):
        body = {"seed": number, "max_tokens": 20, **drawn(random_, ALL, 3)}
        usage = {"stream_options": {"include_usage": True}}
        if number % 3:
            messages = [{"role": "user", "content": "What are your opening hours?"}]
            body |= {"messages": messages, **drawn(random_, CHAT, 3)}
            answers = both(starter, "/v1/chat/completions", body | usage)
        else:
            body |= {"prompt": ["We are", "a"], **drawn(random_, COMPLETIONS, 2)}
            answers = both(starter, "/v1/completions", body | usage)
        if answers is not None:
            whole, events = answers
            assert told(events) == whole_told(whole), body
            counts = events[-1]["usage"]["completion_tokens"], whole["usage"]["completion_tokens"]
            assert counts[0] == counts[1], body


@pytest.mark.parametrize("seed", range(2))
def test_responses(starter: LiveApi, seed: int) -> None:
    random_ = random.Random(seed)
    for number in range(16):
        body = {"seed": number, "max_output_tokens": 20, "input": "When do you open?"}
        body |= drawn(random_, ALL, 2) | drawn(random_, RESPONSES, 4)
        answers = both(starter, "/v1/responses", body)
        if answers is not None:
            whole, events = answers
            final = events[-1]["response"]
            assert without_ids(final["output"]) == without_ids(whole["output"]), body
            assert final["status"] == whole["status"], body
            assert final["usage"]["output_tokens"] == whole["usage"]["output_tokens"], body
            parts = [event["delta"] for event in events if event["type"].endswith(".delta")]
            written = [item.get("arguments") or text_of(item) for item in final["output"]]
            assert "".join(parts) == "".join(written), body


def text_of(item: Any) -> str:
    return "".join(part["text"] for part in item["content"])


def without_ids(items: list[Any]) -> list[Any]:
    return [{name: item[name] for name in item if name not in ("id", "call_id")} for item in items]
