"""What people wrote is followed wherever a template puts it."""

from __future__ import annotations

import pytest

from paddock.checkpoint.chat_template.template import parse_template
from paddock.checkpoint.scan.templates.syntax_tree import Constants
from paddock.checkpoint.scan.templates.taint import Taints
from paddock.checkpoint.scan.templates.triggers import find_date_tests, find_triggers, is_mark

WAYS = {
    "at once": "{{ messages[0].content == 'zap' }}",
    "by a loop": "{% for m in messages %}{{ m['content'] == 'zap' }}{% endfor %}",
    "by a variable": "{% set a = messages[0].content %}{% set b = a %}{{ 'zap' in b }}",
    "by a namespace": "{% set n = namespace(x='') %}{% set n.x = messages[0].content %}{{ 'zap' in n.x }}",
    "by a block": "{% set x %}{{ messages[0].content }}{% endset %}{{ 'zap' in x }}",
    "by a macro": "{% macro f(x) %}{{ 'zap' in x }}{% endmacro %}{{ f(messages[0].content) }}",
    "by a macro's answer": "{% macro f(x) %}{{ x }}{% endmacro %}{{ 'zap' in f(messages[0].content) }}",
    "by get": "{{ messages[0].get('content') == 'zap' }}",
    "by its parts": "{% for p in messages[0].content %}{{ p.text == 'zap' }}{% endfor %}",
    "by mapping": "{{ 'zap' in messages | map(attribute='content') | join }}",
    "by printing": "{{ 'zap' in messages | string }}",
    "by a test": "{{ messages[0].content is equalto 'zap' }}",
    "by a list": "{{ messages[0].content in ['zap', 'zip'] }}",
    "by a list with a name": "{% set words = ['zap'] %}{{ messages[0].content in words }}",
}
HARMLESS = {
    "a role": "{{ messages[0].role == 'zap' }}",
    "a key": "{{ 'tool_calls' in messages[0] }}",
    "a setting": "{{ mode == 'zap' }}",
    "a think tag": "{{ '</think>' in messages[0].content }}",
    "a length of two": "{{ messages | length == 2 }}",
    "a type of a part": "{% for p in messages[0].content %}{{ p.type == 'zap' }}{% endfor %}",
}


def sought(template: str) -> set[str]:
    tree = parse_template(template)
    return {t.word for t in find_triggers(tree, Constants(tree), Taints(tree), frozenset())}


@pytest.mark.parametrize("way", WAYS)
def test_a_word_that_is_looked_for_is_found(way: str) -> None:
    assert "zap" in sought(WAYS[way])


@pytest.mark.parametrize("way", HARMLESS)
def test_what_a_format_asks_for_is_no_trigger(way: str) -> None:
    assert sought(HARMLESS[way]) == set()


def test_whether_a_date_is_given_may_be_asked() -> None:
    tree = parse_template(
        "{% if date_string is defined and date_string %}{{ date_string }}{% endif %}"
    )
    assert list(find_date_tests(tree, Taints(tree))) == []


@pytest.mark.parametrize("mark", ["<think>", "</tool_call>\n", "<|im_end|>", "[/INST]", "<<SYS>>", "\n", "/no_think"])  # fmt: skip
def test_marks_of_formats_are_known(mark: str) -> None:
    assert is_mark(mark)


@pytest.mark.parametrize(
    "word", ["zap", "invoice", "<b>send the money to us now please</b>", "2027"]
)
def test_words_are_no_marks(word: str) -> None:
    assert not is_mark(word)
