"""YAML, read as events: tags that make a loader build objects, and keys that make Hydra do it.

Nothing is constructed. A file that is no YAML is searched as text, so that a mistake at its end
hides nothing. The head of a model card is YAML, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from paddock.checkpoint.scan.documents import text_of, unread
from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.yaml_expansion import MAX_EXPANDED, Expansion
from paddock.errors import shown
from paddock.front_matter import split_document

MAX_EVENTS = 2_000_000
MAX_YAML_BYTES = 16 << 20
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in (
        "null",
        "bool",
        "int",
        "float",
        "str",
        "seq",
        "map",
        "set",
        "omap",
        "pairs",
        "binary",
        "timestamp",
        "merge",
        "value",
    )
)
_PYTHON_TAG = re.compile(r"!!python/|tag:yaml\.org,2002:python|!python/|!<[^>]*python")
_BUILDS = frozenset(("_target_", "_partial_", "__target__"))
_TARGET_LINE = re.compile(r"(?m)^[ \t\-{,]*[\"']?_target_[\"']?\s*[:=]\s*(\S+)")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_yaml(look: Look) -> Iterator[Reason]:
    """What a YAML file, or the head of a card, makes a loader build."""
    text = text_of(look, MAX_YAML_BYTES)
    if look.kind is Kind.MARKDOWN or look.basename.lower().endswith((".md", ".mdx")):
        head = split_document(text).front_matter
        if head is None:
            return
        text = head
    else:
        yield from unread(look, MAX_YAML_BYTES)
    for code, message in findings_in_yaml(text):
        look.budget.tick()
        yield Reason(code, look.name, message)


def texts_of(look: Look) -> Iterator[str]:
    """Every scalar of a YAML file, as far as it can be read."""
    try:
        for number, event in enumerate(yaml.parse(text_of(look, MAX_YAML_BYTES), Loader=_LOADER)):
            if number > MAX_EVENTS:
                return  # told by check_yaml
            if isinstance(event, yaml.ScalarEvent):
                yield event.value
    except (yaml.YAMLError, RecursionError, ValueError):
        return  # told by check_yaml


def check_settings(look: Look) -> Iterator[Reason]:
    """The same in TOML, INI and other text that Hydra's relatives read."""
    for found in _TARGET_LINE.finditer(text_of(look, MAX_YAML_BYTES)):
        yield Reason("instantiates", look.name, f"_target_ is {shown(found[1])}")
        return


def findings_in_yaml(text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with it, once for each tag or key."""
    told: set[str] = set()
    expansion = Expansion()
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if number > MAX_EVENTS:
                yield "unparsed", f"it holds more than {MAX_EVENTS} values"
                return
            if expansion.take(event):
                yield "expansion", f"its aliases stand for more than {MAX_EXPANDED:,} values"
                return
            for code, message in _bad_event(event):
                if message not in told:
                    told.add(message)
                    yield code, message
    except (yaml.YAMLError, RecursionError, ValueError) as e:
        found = _PYTHON_TAG.search(text) or _TARGET_LINE.search(text)
        if found:
            yield "instantiates", f"it is no YAML, and holds {shown(found[0].strip())}"
        else:
            yield "unparsed", f"it is no YAML: {shown(str(e).splitlines()[0] if str(e) else '')}"


def _bad_event(event: Any) -> Iterator[tuple[str, str]]:
    tag = getattr(event, "tag", None)
    if tag and tag not in _PLAIN_TAGS and tag != "!":
        if "python" in tag or ":" in tag.removeprefix("tag:yaml.org,2002:"):
            yield "instantiates", f"the tag {shown(tag)} makes a loader build an object"
        else:
            yield "unparsed", f"the tag {shown(tag)} is not one of YAML's own"
    if isinstance(event, yaml.ScalarEvent) and event.value in _BUILDS:
        yield "instantiates", f"the key {event.value} names an object to build"
