from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.serve.text.tool_calls import CallParser

NAMES = frozenset({"weather", "time"})


def parsed(text: str, sizes: list[int] | None = None, *, tagged: bool = False) -> tuple[str, list]:
    """The text and the calls of an answer that comes in pieces of these sizes."""
    parser = CallParser(NAMES, 4)
    parser.is_tagged = tagged
    found, at = [], 0
    for size in sizes or [1] * len(text):
        found.append(parser.feed(text[at : at + size]))
        at += size
    found += [parser.feed(text[at:]), parser.finish()]
    calls: list[list[str]] = []
    for each in found:
        for call in each.calls:
            if call.id is not None:
                calls.append([str(call.name), ""])
            calls[call.index][1] += call.arguments
    return "".join(each.content for each in found), [tuple(call) for call in calls]


CALL = '{"name": "weather", "parameters": {"city": "Par}is\\"", "days": [1, {"a": {}}]}}'
ARGUMENTS = '{"city": "Par}is\\"", "days": [1, {"a": {}}]}'


@given(st.lists(st.integers(1, 9), max_size=60))
def test_a_call_is_found_however_the_text_is_cut(sizes: list[int]) -> None:
    assert parsed(CALL, sizes) == ("", [("weather", ARGUMENTS)])


@pytest.mark.parametrize(
    "text",
    [
        f"[{CALL}, " + '{"name":"time","parameters":{}}]',
        f"{CALL}; " + '{"name":"time","arguments":{}}',
        f"  {CALL}\n" + '{"type": "function", "name": "time", "parameters": {}}',
        f"{CALL}\n" + '{"type": "function", "function": {"name": "time", "parameters": {}}}',
    ],
)
def test_several_calls_in_every_form_that_llama_writes(text: str) -> None:
    assert parsed(text) == ("", [("weather", ARGUMENTS), ("time", "{}")])


def test_arguments_are_passed_on_as_they_come() -> None:
    parser = CallParser(NAMES, 4)
    begun = parser.feed('{"name": "weather", "parameters": {"ci').calls
    assert [(call.name, call.arguments) for call in begun] == [("weather", '{"ci')]
    assert [call.arguments for call in parser.feed('ty": 1').calls] == ['ty": 1']


@pytest.mark.parametrize(
    "text",
    [
        "It rains.",
        '{"answer": 1}',
        '{"name": "unknown", "parameters": {}}',
        '{"name": 5}',
        "[1, 2]",
        "[see above]",
        '{"name"',
        "{",
        "",
        '{"name": "weather" "parameters": {}}',
    ],
)
def test_what_is_no_call_of_a_known_tool_is_text(text: str) -> None:
    assert parsed(text) == (text, [])


def test_keys_in_another_order_are_found_at_the_end() -> None:
    assert parsed('{"parameters": {"a": 1}, "name": "time"}') == ("", [("time", '{"a":1}')])
    assert parsed('{"name": "time"}') == ("", [("time", "{}")])


def test_a_call_that_is_cut_short_keeps_what_came() -> None:
    assert parsed(CALL[:50]) == ("", [("weather", CALL[34:50])])


@pytest.mark.parametrize("rest", ["[", ' {"na', ', {"name": "time", "par', '; {"name": "ti'])
def test_a_second_call_that_is_cut_short_before_its_arguments_is_no_text(rest: str) -> None:
    assert parsed(CALL + rest) == ("", [("weather", ARGUMENTS)])


def test_calls_of_built_in_tools_are_found_behind_their_tag() -> None:
    text = 'weather.call(city="Paris", day="to\\"day")'
    ((name, arguments),) = parsed(text, tagged=True)[1]
    assert (name, json.loads(arguments)) == ("weather", {"city": "Paris", "day": 'to"day'})
    assert parsed("print(1)", tagged=True) == ("print(1)", [])
    assert parsed(text) == (text, [])


def test_a_huge_answer_that_might_be_a_call_is_text_in_the_end() -> None:
    text = '{"name": "' + "x" * 200_000
    assert parsed(text, [1000] * 200) == (text, [])


def test_calls_beyond_those_that_are_wanted_are_left_out() -> None:
    parser = CallParser(NAMES, 1)
    first = parser.feed(f"[{CALL}, {CALL}")
    assert [call.index for call in first.calls] == [0]
    assert (parser.feed("]").content, parser.finish().calls) == ("", [])
