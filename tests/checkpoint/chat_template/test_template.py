"""Chat templates as attacks: every one must fail closed, in bounded time and memory."""

from __future__ import annotations

import resource
from datetime import UTC, datetime
from typing import Any

import pytest
from transformers.utils.chat_template_utils import render_jinja_template

from paddock.checkpoint.chat_template.metering import BadTemplate, TemplateTooCostly
from paddock.checkpoint.chat_template.template import MAX_TEMPLATE_BYTES, Template

MOMENT = datetime(2024, 9, 21, tzinfo=UTC)
MESSAGES = [
    {"role": "system", "content": " Be kind. "},
    {"role": "user", "content": "What is <b>é</b>?"},
]
GROW = "{%% set ns = namespace(x='a') %%}{%% for i in range(99) %%}%s{%% endfor %%}{{ ns.x }}"


def rendered(source: str, **values: Any) -> str:
    return Template(source).render({"messages": MESSAGES, **values}, MOMENT)


TOO_COSTLY = {
    "a repeated text": "{{ 'a' * 10 ** 12 }}",
    "a repeated list": "{{ ([0] * 10 ** 9) | length }}",
    "a tower of powers": "{{ 9 ** 9 ** 9 }}",
    "squares of squares": GROW.replace("'a'", "3") % "{% set ns.x = ns.x * ns.x %}",
    "doubling by addition": GROW % "{% set ns.x = ns.x + ns.x %}",
    "doubling by joining": GROW % "{% set ns.x = ns.x ~ ns.x %}",
    "doubling by a block": GROW % "{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}",
    "doubling by replacement": GROW % "{% set ns.x = ns.x | replace('a', 'aa') %}",
    "doubling by a method": GROW % "{% set ns.x = ns.x.replace('a', 'aa') %}",
    "a list of itself, twice": GROW % "{% set ns.x = [ns.x, ns.x] %}",
    "a mapping of itself, twice": GROW % "{% set ns.x = {1: ns.x, 2: ns.x} %}",
    "a macro that doubles": "{% macro m(x) %}{{ x }}{{ x }}{% endmacro %}"
    + GROW % "{% set ns.x = m(ns.x) %}",
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}"
    "{% endfor %}{% endfor %}",
    "a huge range": "{{ range(10 ** 9) | list }}",
    "a separator in between": "{{ range(90000) | join('b' * 90000) }}",
    "a separator's method": "{{ ('b' * 90000).join(['a'] * 90000) }}",
    "much text between characters": "{{ ('a' * 90000).replace('', 'b' * 90000) }}",
    "a wide indentation": "{{ [1] | tojson(indent=10 ** 9) }}",
    "an indented text": "{{ 'a' | indent(10 ** 9) }}",
    "constant text in a loop": "{% for a in range(99999) %}" + "x" * 9999 + "{% endfor %}",
    "a mapped replacement": "{{ (['a' * 900] * 900) | map('replace', 'a', 'b' * 900) | list }}",
}
REFUSED = {
    "an attribute of Python": "{{ ''.__class__.__mro__ }}",
    "a method that pads": "{{ 'a'.ljust(10 ** 10) }}",
    "a filter that pads": "{{ 'a' | center(10 ** 10) }}",
    "a formatter": "{{ '{:1000000000}'.format(3) }}",
    "a formatter in disguise": "{{ '%1000000000d' % 3 }}",
    "a format filter": "{{ '%1000000000d' | format(3) }}",
    "a generator of text": "{{ lipsum(n=10 ** 9) }}",
    "a change of the conversation": "{{ messages.append(1) }}",
    "endless recursion": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a recursive loop": "{% for x in [[1]] recursive %}{{ loop(x) }}{% endfor %}",
    "another file": "{% include 'secrets' %}",
    "an import": "{% import 'os' as os %}",
    "inheritance": "{% extends 'x' %}",
    "a block": "{% block x %}{% endblock %}",
    "a filtered block": "{% filter upper %}x{% endfilter %}",
    "a huge date": "{{ strftime_now('%1000000d') }}",
    "namespaces of namespaces": GROW % "{% set ns.x = namespace(a=ns.x, b=ns.x) %}",
    "the template's own self": "{{ self }}",
    "no Jinja at all": "{{ ",
    "a division by zero": "{{ 1 / 0 }}",
    "deep brackets": "{{ " + "[" * 30_000,
    "a long sum": "{{ " + "x+" * 20_000 + "x }}",
    "many conditions": "{% if x %}" + "{% elif x %}" * 4_000 + "{% endif %}",
    "deep nesting": "{% if x %}" * 3_000,
    "a chain of filters": "{{ x" + "|trim" * 10_000 + " }}",
}


@pytest.mark.parametrize("source", TOO_COSTLY.values(), ids=TOO_COSTLY.keys())
def test_a_template_that_explodes_is_stopped(source: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TemplateTooCostly):
        rendered(source)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 200_000


@pytest.mark.parametrize("source", REFUSED.values(), ids=REFUSED.keys())
def test_what_no_honest_template_needs_is_refused(source: str) -> None:
    with pytest.raises(BadTemplate):
        rendered(source)


def test_a_template_over_the_size_limit_is_not_even_parsed() -> None:
    with pytest.raises(BadTemplate, match=str(MAX_TEMPLATE_BYTES + 1)):
        Template("x" * (MAX_TEMPLATE_BYTES + 1))


def test_a_template_may_refuse_the_conversation_in_its_own_words() -> None:
    with pytest.raises(BadTemplate, match="roles must alternate"):
        rendered("{{ raise_exception('roles must alternate') }}")


def test_a_longer_conversation_has_a_larger_budget() -> None:
    source = "{% for i in range(40) %}{{ messages[0]['content'] }}{% endfor %}"
    long = [{"role": "user", "content": "x" * 100_000}]
    assert len(Template(source).render({"messages": long}, MOMENT)) == 4_000_000


# Each exercises what the templates of published models use; transformers is the judge.
HONEST = {
    "a loop over messages": "{% for m in messages %}{{ m.role }}: "
    "{{ m['content'] | trim }}\n{% endfor %}",
    "the loop's own variables": "{% for m in messages %}{{ loop.index0 }}{{ loop.first }}"
    "{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.cycle('a', 'b') }}{% endfor %}",
    "slices and lists": "{{ messages[1:] | length }}{{ messages[::-1][0].role }}{{ (1, 2)[0] }}",
    "a namespace": "{% set ns = namespace(n=0) %}{% for m in messages %}"
    "{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}",
    "json": "{{ messages | tojson }}{{ messages[0] | tojson(indent=4) }}",
    "tests": "{{ messages is iterable and 'x' is string and y is not defined and 3 is odd }}",
    "filters": "{{ messages | map(attribute='role') | join(', ') | upper }}"
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}"
    "{{ nothing | default('d') }}",
    "methods": "{{ ' a,b '.strip().split(',') }}{{ 'abc'.startswith('a') }}{{ {'k': 1}.get('k') }}"
    "{% for k, v in {'k': 1}.items() %}{{ k ~ v }}{% endfor %}{{ 'aba'.replace('a', 'c') }}",
    "a macro": "{% macro m(x, y=2) %}<{{ x }}{{ y }}>{% endmacro %}{{ m(1) }}{{ m('é', y=none) }}",
    "break and continue": "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}"
    "{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
    "arithmetic": "{{ 7 // 2 }} {{ 7 % 2 }} {{ 2 ** 5 }} {{ 1.5 * 2 }} {{ -3 }} {{ 'ab' * 2 }}"
    "{{ 1 - 2 }}",
    "choices": "{{ 'a' if messages else 'b' }}{{ none or 'c' }}{{ not messages }}{{ 1 < 2 < 3 }}",
    "blocks of text": "{% set t %}[{{ messages[0].content }}]{% endset %}{{ t }}{{ t | length }}",
    "what is missing": "{{ missing }}{{ missing ~ 'x' }}{{ messages[0].missing }}",
    "generation marks": "a{% generation %}b{% endgeneration %}c",
    "indentation": "{{ 'a\nb' | indent(2) }}{{ 'x' | string }}{{ '<' | safe }}",
    "whitespace control": "a \n  {%- if true %}\n  b\n  {%- endif -%}  \n c",
}


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST.keys())
def test_honest_templates_render_as_in_transformers(source: str) -> None:
    theirs, _ = render_jinja_template([MESSAGES], chat_template=source)
    assert rendered(source) == theirs[0]


def test_the_date_is_the_one_that_is_given() -> None:
    assert rendered("{{ strftime_now('%d %b %Y') }}") == "21 Sep 2024"
