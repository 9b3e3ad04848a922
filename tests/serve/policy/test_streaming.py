"""No letter of what is refused leaves the server: whatever the tokens, the disguise, the route.

The model says what hypothesis thinks of, in whatever tokens; what stands before the phrase has none
of its letters, so that each one that is seen is of the phrase.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paddock.engine.request import Request
from tests.serve.policy.scripted import REFUSAL, Policed, policed

POLICY = """\
rules:
  - {id: secret, category: S9, phrases: ["project zebra"], stages: [after]}
  - {id: number, category: S9, patterns: ['\\bq\\d{3,6}\\b'], stages: [after]}
"""
SPELLINGS = (
    "project zebra",
    "PROJECT  \t ZEBRA",
    "pro\u200bject\u2060 ze\u00adbra",
    "ｐｒｏｊｅｃｔ ｚｅｂｒａ",
    "project-zébra",
    "рrоjесt zеbrа",  # Cyrillic letters among them
    "𝓅roject 𝐳ebra",
    r"project z\u0065bra",
    r"project\n\tzebra",
    "q12345",
)
TOOL = {
    "type": "function",
    "function": {"name": "find", "parameters": {"type": "object", "properties": {}}},
}
Seen = list[str]  # of each choice, all of its text


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Policed]:
    with policed(POLICY, tmp_path_factory.mktemp("policy")) as running:
        yield running


def events(served: Policed, path: str, **body: Any) -> list[dict[str, Any]]:
    """Of a stream, one after the other."""
    found = []
    sent = {"model": served.api.model, "stream": True, **body}
    with served.api.http.stream("POST", path, json=sent) as answer:
        assert answer.status_code == 200, answer.read()
        for line in answer.iter_lines():
            if line.startswith("data: {"):
                found.append(json.loads(line.removeprefix("data: ")))
    return found


def told(logprobs: dict[str, Any] | None) -> str:
    """The text of tokens whose chances are told, by their bytes."""
    spelled = [byte for each in (logprobs or {}).get("content") or () for byte in each["bytes"]]
    return bytes(spelled).decode("utf-8", "ignore")


def chat(served: Policed, **more: Any) -> Seen:
    messages = [{"role": "user", "content": "Hi"}]
    asked = {"messages": messages, "n": 2, "logprobs": True, "top_logprobs": 0, **more}
    contents, tokens, arguments = [["", ""] for _ in range(3)]
    ends: dict[int, str] = {}
    for event in events(served, "/v1/chat/completions", **asked):
        for choice in event["choices"]:
            at, delta = choice["index"], choice["delta"]
            contents[at] += delta.get("content") or ""
            tokens[at] += told(choice["logprobs"])
            for call in delta.get("tool_calls") or ():
                arguments[at] += call["function"]["arguments"]
            ends[at] = choice["finish_reason"] or ends.get(at, "")
    assert set(ends.values()) == {"content_filter"}
    return [text.removesuffix(REFUSAL) for text in contents] + tokens + arguments


def tools(served: Policed) -> Seen:
    return chat(served, tools=[TOOL])


def completions(served: Policed) -> Seen:
    texts, tokens = ["", ""], ["", ""]
    asked = {"prompt": "Hm", "n": 2, "logprobs": 0, "echo": True, "max_tokens": 500}
    for event in events(served, "/v1/completions", **asked):
        for choice in event["choices"]:
            texts[choice["index"]] += choice["text"]
            named = (choice["logprobs"] or {}).get("tokens") or ()
            # Parts of characters are told by their bytes.
            tokens[choice["index"]] += "".join(each for each in named if "bytes:" not in each)
    assert all(text.startswith("Hm") and text.endswith(REFUSAL) for text in texts)
    return [text.removeprefix("Hm").removesuffix(REFUSAL) for text in texts] + [
        text.removeprefix("<|begin_of_text|>").removeprefix("Hm") for text in tokens
    ]


def responses(served: Policed) -> Seen:
    seen = ["", "", ""]
    found = events(served, "/v1/responses", input="Hi", include=["message.output_text.logprobs"])
    for event in found:
        match event["type"]:
            case "response.output_text.delta":
                seen[0] += event["delta"]
                seen[1] += told({"content": event["logprobs"]})
            case "response.output_text.done":
                seen[2] = event["text"]
    assert found[-1]["response"]["incomplete_details"] == {"reason": "content_filter"}
    assert found[-1]["response"]["output"][-1]["content"][-1]["refusal"] == REFUSAL
    return seen


def whole(served: Policed) -> Seen:
    """Answers in one piece are the refusal alone."""
    answer = served.api.post(
        "/v1/chat/completions",
        messages=[{"role": "user", "content": "Hi"}],
        n=2,
        logprobs=True,
        tools=[TOOL],
    ).json()
    assert all(each["finish_reason"] == "content_filter" for each in answer["choices"])
    assert all(each["message"]["content"] == REFUSAL for each in answer["choices"])
    assert not any(each["message"].get("tool_calls") for each in answer["choices"])
    return [told(each["logprobs"]) for each in answer["choices"]]


def in_pieces(served: Policed, pieces: list[str]) -> Callable[[Request], list[int]]:
    """The tokens of each piece by itself: no encoder would cut the whole text so."""
    encode = served.model.tokenizer.encode
    return lambda _asked: [token for piece in pieces for token in encode(piece)]


HARMLESS = st.text(alphabet="hiku mnsy.,é\u200b\\\n", max_size=30)
BEGINNINGS = ["", " ", '{"a": "', '{"name": "find", "parameters": {"what": "']


def is_of(seen: str, harmless: str) -> bool:
    """Whether all that is seen stands there in this order: arguments begin later, and tokens that
    are parts of characters are left out."""
    rest = iter(harmless)
    return all(letter in rest for letter in seen)


@pytest.mark.parametrize("route", [chat, tools, completions, responses, whole])
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(BEGINNINGS),
    HARMLESS,
    st.sampled_from(SPELLINGS),
    HARMLESS,
    st.data(),
)
def test_no_letter_of_a_refused_phrase_leaves(
    served: Policed,
    route: Callable[[Policed], Seen],
    begin: str,
    before: str,
    phrase: str,
    after: str,
    data: st.DataObject,
) -> None:
    text = f"{begin}{before} {phrase} {after}"
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=30)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    served.model.script = in_pieces(served, pieces)
    served.model.tokens_at_once = data.draw(st.integers(1, 5))
    harmless = f"{begin}{before} "
    for seen in route(served):
        assert is_of(seen, harmless), (seen, pieces)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HARMLESS, st.integers(1, 5))
def test_choices_are_looked_at_one_by_one(served: Policed, text: str, at_once: int) -> None:
    """One of two is refused, and the other is whole."""
    said = ["Fine, " + text, "project zebra"]
    served.model.script = lambda asked: said[asked.sampling.seed % 2]
    served.model.tokens_at_once = at_once
    answer = served.api.post("/v1/completions", prompt="Hm", n=2, seed=0, max_tokens=500).json()
    assert [each["text"] for each in answer["choices"]] == [said[0], REFUSAL]
    assert [each["finish_reason"] for each in answer["choices"]] == ["stop", "content_filter"]
