"""What clients send that is wrong, absurd or hostile; and clients that leave, or stop reading."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest

from paddock.engine.errors import BadGrammar
from paddock.engine.grammar.matching import compile_grammar
from tests.fakes.scripted_model import ScriptedBackend, scripted
from tests.serve.api.live_api import LiveApi
from tests.serve.process import until

CHAT = "/v1/chat/completions"
HI: Any = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("extra", "param", "code"),
    [
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": "hi"}, "messages", "invalid_value"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages", "bad_conversation"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages", "bad_conversation"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages", "bad_conversation"),
        ({"messages": [{"role": "user", "content": True}]}, "messages", "bad_conversation"),
        ({"messages": [{"role": "assistant", "refusal": 5}]}, "messages", "bad_conversation"),
        ({"messages": [{"role": "user", "content": None}]}, "messages", "bad_conversation"),
        ({"messages": [{"role": "system", "text": "x"}]}, "messages", "bad_conversation"),
        (
            {"messages": [{"role": "assistant", "function_call": {"name": "x"}}]},
            "messages",
            "bad_conversation",
        ),
        ({"messages": [{"role": "assistant", "audio": {"id": "x"}}]}, "messages", None),
        ({"messages": [{"role": "user", "content": "hi " * 9999}]}, "messages", None),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {}}]}]},
            "messages",
            "bad_conversation",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": 5}]}, "messages", "bad_conversation"),
        ({"temperature": "hot"}, "temperature", "invalid_value"),
        ({"temperature": -1}, "temperature", "bad_sampling"),
        ({"top_p": -0.1}, "top_p", "bad_sampling"),
        ({"n": 0}, "n", "invalid_value"),
        ({"n": 1000}, "n", "invalid_value"),
        ({"max_tokens": -5}, "max_tokens", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"stop": ["a"] * 5}, "stop", "invalid_value"),
        ({"stop": ""}, "stop", "invalid_value"),
        ({"stop": "x" * 10_000}, "stop", "invalid_value"),
        ({"logit_bias": {"99999999": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"the": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"5": 1000}}, "logit_bias", "bad_sampling"),
        ({"top_logprobs": 5}, "top_logprobs", "invalid_value"),
        ({"logprobs": True, "top_logprobs": 50}, "top_logprobs", "invalid_value"),
        ({"tools": [{"type": "web_search"}]}, "tools.0", "unsupported_parameter"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools.0.name", None),
        ({"tool_choice": "required"}, "tool_choice", "bad_tools"),
        ({"tool_choice": "sometimes"}, "tool_choice", "invalid_value"),
        (
            {"tool_choice": {"type": "function", "function": {"name": "x"}}, "tools": []},
            "tool_choice",
            "bad_tools",
        ),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice", "invalid_value"),
        ({"prompt_logprobs": 1, "stream": True}, "prompt_logprobs", "invalid_value"),
        ({"stream_options": {"inclde_usage": True}}, "stream_options.inclde_usage", None),
        ({"response_format": {"type": "xml"}}, "response_format.type", "unsupported_parameter"),
        ({"response_format": {"type": "json_schema"}}, None, "invalid_value"),
        ({"structured_outputs": {"regex": "a", "choice": ["b"]}}, "structured_outputs", None),
        ({"structured_outputs": {"grammar": "start: x"}}, None, "unsupported_parameter"),
        ({"guided_choice": [""]}, "guided_choice", "invalid_value"),
        ({"guided_choice": []}, "guided_choice", "invalid_value"),
        ({"audio": {"voice": "x"}}, "audio", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ({"web_search_options": {}}, "web_search_options", "unsupported_parameter"),
        ({"functions": [{"name": "x"}]}, "functions", "unsupported_parameter"),
        ({"chat_template": "{{ 1 }}"}, "chat_template", "unsupported_parameter"),
        ({"temprature": 1}, "temprature", "unknown_parameter"),
        ({"model": "no/such"}, "model", "model_not_found"),
        ({"seed": 1.5}, "seed", "invalid_value"),
    ],
)
def test_every_fault_is_named_in_openais_shape(
    api: LiveApi, model: ScriptedBackend, extra: Any, param: str | None, code: str
) -> None:
    answer = api.post(CHAT, **{"messages": HI, "stream": param is None, **extra})
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert answer.status_code == (404 if code == "model_not_found" else 400)
    assert code is None or error["code"] == code
    assert param is None or error["param"] == param
    assert not model.asked


def test_what_is_not_offered_is_said_to_be_absent(api: LiveApi) -> None:
    wrong = api.http.get(CHAT)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.json()["error"]["message"] == "only POST is answered here"
    absent = api.http.get(f"{CHAT}/chatcmpl-1")
    assert (absent.status_code, absent.json()["error"]["type"]) == (404, "not_found_error")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"model":' * 50_000,
        b'{"model": "x", "messages": ' + b"[]," * 300_000,
        b'{"model": NaN}',
        b'{"a": "\\ud800"',
    ],
)
def test_a_body_that_is_no_request(api: LiveApi, model: ScriptedBackend, body: bytes) -> None:
    answer = api.http.post(CHAT, content=body)
    assert answer.status_code in (400, 413)
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_half_a_character_is_taken_as_unknown(api: LiveApi, model: ScriptedBackend) -> None:
    body = {"model": api.model, "messages": [{"role": "user", "content": "a\ud800b"}]}
    answer = api.http.post(CHAT, content=json.dumps(body))
    assert answer.status_code == 200
    assert "a\N{REPLACEMENT CHARACTER}b" in model.tokenizer.decode(model.asked[-1].prompt)


@pytest.mark.parametrize("text", ["a" * 10_000_000, "é🦙 " * 900_000, " " * 10_000_000])
def test_ten_megabytes_are_refused_and_hold_nobody_up(
    api: LiveApi, model: ScriptedBackend, text: str
) -> None:
    content = text.encode()[:10_000_000].decode("utf-8", "ignore")
    body = json.dumps({"model": api.model, "prompt": content}, ensure_ascii=False).encode()
    answer = api.http.post("/v1/completions", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"


@pytest.mark.parametrize(
    "form",
    [
        {"regex": "(a+)+" * 2000},
        {"regex": "a(?!b)"},
        {"regex": "("},
        {"json": {"type": "nonsense"}},
        {"json": {"allOf": [{"type": "string"}, {"type": "object"}]}},
    ],
)
def test_impossible_forms_do_not_reach_a_model_that_checks_them(
    api: LiveApi, model: ScriptedBackend, form: Any
) -> None:
    served, _backend = scripted()

    def script(asked: Any) -> str:
        compile_grammar(asked.grammar, served.vocabulary)  # as the engine does
        return "never"

    model.script = script
    answer = api.post(CHAT, messages=HI, structured_outputs=form)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == BadGrammar.code


def test_deep_tools_and_schemas_are_refused(api: LiveApi, model: ScriptedBackend) -> None:
    schema: Any = {"type": "string"}
    for _ in range(400):
        schema = {"type": "object", "properties": {"a": schema}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    for extra in (
        {"tools": [tool]},
        {"guided_json": schema},
        {"chat_template_kwargs": {"a": schema}},
    ):
        assert api.post(CHAT, messages=HI, **extra).status_code == 400


@pytest.mark.parametrize("name", ["input", "text", "tool_choice", "tools"])
@pytest.mark.parametrize("number", ["1", "1" * 40])
def test_a_response_that_could_not_be_told_back_is_not_begun(
    api: LiveApi, model: ScriptedBackend, name: str, number: str
) -> None:
    deep = '{"a":' * (240 if len(number) > 1 else 400)
    absurd = f'{{"role": "user", "content": "\\ud800", "x": {deep}{number}{"}" * deep.count("{")}}}'
    value = f"[{absurd}]" if name in ("input", "tools") else absurd
    given = "" if name == "input" else '"input": "hi", '
    body = f'{{"model": "{api.model}", {given}"{name}": {value}}}'
    answer = api.http.post("/v1/responses", content=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, name)
    assert not model.asked


def test_a_client_that_leaves_ends_its_request(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda _asked: "and so on " * 100_000
    for stream in (True, False):
        body = {"model": api.model, "messages": HI, "stream": stream, "max_tokens": 1_000_000}
        with httpx.Client(base_url=api.url) as client:
            if stream:
                with client.stream("POST", CHAT, json=body) as answer:
                    lines = answer.iter_lines()  # which closes the answer when it goes
                    next(lines)
                    assert model.open == 1
            else:
                with pytest.raises(httpx.ReadTimeout):
                    client.post(CHAT, json=body, timeout=0.1)
        until(lambda: model.open == 0)
    assert model.given < 4000  # which each would have come to


def test_a_client_that_stops_reading_holds_back_its_own_answer_only(
    api: LiveApi, model: ScriptedBackend
) -> None:
    model.script = lambda _asked: "and so on " * 20_000
    body = {"model": api.model, "messages": HI, "stream": True, "max_tokens": 1_000_000}
    raw = json.dumps(body).encode()
    lazy = socket.create_connection(("127.0.0.1", int(api.url.rsplit(":", 1)[1])))
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n\r\n"
    lazy.sendall(head.encode() + raw)
    until(lambda: model.open == 1)
    model.script = lambda _asked: "Hello!"
    assert api.post(CHAT, messages=HI).status_code == 200
    assert model.open == 1
    lazy.close()
    until(lambda: model.open == 0)


def test_hundreds_of_clients_that_connect_and_leave(api: LiveApi, model: ScriptedBackend) -> None:
    model.script = lambda _asked: "and so on " * 1000
    port = int(api.url.rsplit(":", 1)[1])
    raw = json.dumps({"model": api.model, "messages": HI, "stream": True}).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
    for number in range(200):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall((head + raw)[: None if number % 3 else 40])
        client.close()
    until(lambda: model.open == 0)
    model.script = lambda _asked: "Hello!"
    assert api.post(CHAT, messages=HI).status_code == 200
