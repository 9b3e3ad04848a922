"""One template, wherever it was found: read as a syntax tree, then tried. Reasons come out.

A template that cannot be read or tried is never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from jinja2 import nodes

from paddock.checkpoint.chat_template.metering import BadTemplate, TemplateTooCostly
from paddock.checkpoint.chat_template.template import MAX_TEMPLATE_BYTES, parse_template
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.templates.escapes import find_escapes, find_explosions
from paddock.checkpoint.scan.templates.rendering import Tried
from paddock.checkpoint.scan.templates.sentences import (
    find_encoded,
    find_instructions,
    find_urls,
    hidden_character,
)
from paddock.checkpoint.scan.templates.syntax_tree import Constants, walk
from paddock.checkpoint.scan.templates.taint import Taints
from paddock.checkpoint.scan.templates.triggers import (
    find_counts,
    find_date_tests,
    find_lengths,
    find_triggers,
    sought_words,
)
from paddock.errors import shown

_ENDLESS = "RecursionError"
MAX_OF_A_CODE = 5  # a template is not judged worse for saying the same thing often


def audit_template(
    source: str,
    place: str,
    tick: Callable[[], None],
    declared: frozenset[str] = frozenset(),
) -> Iterator[Reason]:
    """Why a template should not be taken as it is; ``declared`` are known special tokens."""
    seen: dict[str, set[str]] = {}
    for code, message in _findings(source, tick, declared):
        told = seen.setdefault(code, set())
        if message not in told and len(told) < MAX_OF_A_CODE:
            told.add(message)
            yield Reason(code, place, f"the chat template is suspect: {message}")


def _findings(
    source: str, tick: Callable[[], None], declared: frozenset[str]
) -> Iterator[tuple[str, str]]:
    if len(source.encode("utf-8", "surrogatepass")) > MAX_TEMPLATE_BYTES:
        yield "template_too_costly", f"it has {len(source)} characters"
        return
    try:
        tree = parse_template(source)
        parts = list(walk(tree))
        constants, taints = Constants(tree), Taints(tree)
        read = [*_read(tree, constants, taints), *_words(parts, constants)]
    except BadTemplate as e:
        yield _failure(e, "template_unreadable")
        return
    except (RecursionError, OverflowError):
        yield "template_too_costly", "its expressions are nested absurdly deep"
        return
    yield from read
    tick()
    tried = list(_tried(source, sought_words(tree, constants), tick))
    yield from tried
    found = {code for code, _ in read + tried}
    yield from _waiting(tree, constants, taints, declared, found)
    if "template_url" in found and find_lengths(tree, taints):
        yield "template_trigger", "it asks how long a message is, and writes an address"


def _read(tree: nodes.Template, constants: Constants, taints: Taints) -> Iterator[tuple[str, str]]:
    for message in find_escapes(tree, constants):
        yield "template_escape", message
    for message in find_explosions(tree):
        yield "template_too_costly", message
    for line in find_date_tests(tree, taints):
        yield "template_date", f"line {line} depends on what day it is"
    for line in find_counts(tree, taints):
        yield "template_condition", f"line {line} waits for a conversation of a certain length"


def _words(parts: list[nodes.Node], constants: Constants) -> Iterator[tuple[str, str]]:
    """What its own words say, one by one and all together."""
    texts: dict[str, None] = {}
    for node in parts:
        made = constants.text(node) if isinstance(node, nodes.Expr) else None
        if made:
            texts.setdefault(made)
    outer = list(texts)
    for text in outer:
        yield from _said(text)
    together = "".join(
        str(node.value) if isinstance(node, nodes.Const) else node.data
        for node in parts
        if isinstance(node, nodes.TemplateData)
        or (isinstance(node, nodes.Const) and isinstance(node.value, str))
    )
    known = {message for text in outer for _, message in _said(text)}
    for code, message in _said(together):
        if code in ("template_url", "template_instruction") and not known:
            yield code, message


def _said(text: str) -> Iterator[tuple[str, str]]:
    for url in find_urls(text):
        yield "template_url", f"it writes the address {shown(url)} into prompts"
    for message in find_instructions(text):
        yield "template_instruction", message
    for run in find_encoded(text):
        yield "template_encoded", f"it holds {shown(run)}, which looks encoded"
    hidden = hidden_character(text)
    if hidden:
        yield "hidden_characters", f"it writes the invisible character {hidden}"


def _tried(source: str, words: list[str], tick: Callable[[], None]) -> Iterator[tuple[str, str]]:
    try:
        tried = Tried(source, tick)
        trial = tried.every_shape()
        if trial.costly:
            yield "template_too_costly", trial.costly
            return
        endless = next((each for each in trial.failures if _ENDLESS in each), None)
        if endless:
            yield "template_too_costly", endless
        elif not trial.outputs or trial.refused:
            why = (*trial.refused, *trial.failures, "it renders nothing")[0]
            yield "template_unrendered", why
        for text in trial.outputs.values():
            yield from _said(text)
        for reaction in tried.by_words(words):
            code = "template_trigger" if reaction.adds_words else "template_condition"
            yield code, reaction.message
        if tried.by_day():
            yield "template_date", "on other days it writes another text"
    except BadTemplate as e:
        yield _failure(e, "template_unrendered")
    except RecursionError:
        yield "template_too_costly", "its expressions are nested absurdly deep"


def _failure(error: BadTemplate, code: str) -> tuple[str, str]:
    costly = isinstance(error, TemplateTooCostly) or _ENDLESS in error.message
    return ("template_too_costly" if costly else code), error.message


def _waiting(
    tree: nodes.Template,
    constants: Constants,
    taints: Taints,
    declared: frozenset[str],
    found: set[str],
) -> Iterator[tuple[str, str]]:
    """Words that it looks for in messages. Beside an address or an order, that is an attack."""
    loaded = found & {"template_url", "template_encoded", "template_trigger"}
    code = "template_trigger" if loaded else "template_condition"
    told: set[str] = set()
    for word, line in find_triggers(tree, constants, taints, declared):
        if word not in told:
            told.add(word)
            yield code, f"line {line} looks for {shown(word)} in what people write"
