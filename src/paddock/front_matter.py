"""The YAML at the head of a README, read with suspicion.

Pure: text in, plain JSON values out. The dialect is YAML 1.2 as the Hub's own reader has it, so
``language: no`` is Norwegian and ``12:30`` is text. Size, depth and the number of values, aliases
followed, are bounded before anything is built; nothing but plain values can be built at all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from datetime import date
from typing import Any, NamedTuple

import yaml

from paddock.errors import BadInput, shown

CARD_NAME = "README.md"  # the file that has such a head
MAX_FRONT_MATTER_CHARS = 1 << 20
MAX_DEPTH = 40
MAX_VALUES = 100_000  # with every alias counted as often as it is used
_MAX_NUMBER_CHARS = 40

_MERGE = "tag:yaml.org,2002:merge"
_TEXT = "tag:yaml.org,2002:str"

_FENCE = re.compile(r"---[ \t]*(?:\r\n|\r|\n|\Z)")
_END = re.compile(r"^---[ \t]*$", re.MULTILINE)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # no database keeps NUL, no UTF-8 a lone surrogate


class BadFrontMatter(BadInput):
    """The head of a README is not YAML that can be used."""

    code = "bad_front_matter"


class Document(NamedTuple):
    """A README in its two parts; ``front_matter`` is None when it begins without one."""

    front_matter: str | None
    body: str


def split_document(text: str) -> Document:
    """Cut a README where its front matter ends. A fence that is never closed is plain text."""
    text = text.removeprefix("\ufeff")
    start = len(text) - len(text.lstrip())
    opening = _FENCE.match(text, start)
    if opening is None:
        return Document(None, text)
    # Line ends vary by who wrote it; the search is for the closing fence on a line of its own.
    rest = text[opening.end() :].replace("\r\n", "\n").replace("\r", "\n")
    closing = _END.search(rest)
    if closing is None:
        return Document(None, text)
    return Document(rest[: closing.start()], rest[closing.end() :].removeprefix("\n"))


def parse_front_matter(source: str) -> Any:
    """The plain JSON value that the YAML stands for; raises BadFrontMatter."""
    if len(source) > MAX_FRONT_MATTER_CHARS:
        raise BadFrontMatter(f"the metadata has {len(source)} characters")
    if _UNSTORABLE.search(source):
        raise BadFrontMatter("the metadata contains a character that no file should")
    try:
        _check_bounds(source)
        return _plain(yaml.load(source, Loader=_Loader))  # noqa: S506  (a safe loader, made safer)
    except yaml.YAMLError as e:
        raise BadFrontMatter(_sentence(e)) from e
    # PyYAML believes an explicit tag and falls over what it finds: ``!!bool maybe``.
    except (ValueError, OverflowError, AttributeError, KeyError, TypeError, RecursionError) as e:
        raise BadFrontMatter("the metadata holds a date or number that cannot exist") from e


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C if built
    """A safe loader with the scalars of YAML 1.2 and without repeated keys."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012  (PyYAML's own form)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicated mapping key {shown(key.value)}", key.start_mark
                )
            seen.add(key.value)
            key.tag = _TEXT  # JSON has no other keys, and to Python 1 and True are the same one
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int | str:
    text = str(node.value)
    if len(text) > _MAX_NUMBER_CHARS:
        return text
    return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)


def _construct_float(loader: _Loader, node: yaml.ScalarNode) -> float | str:
    text = str(node.value)
    if len(text) > _MAX_NUMBER_CHARS:
        return text
    return float(text.replace(".inf", "inf").replace(".nan", "nan").lower())


_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", re.IGNORECASE
)
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d{0,9})?"
    r"(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?"
)
for _tag, _pattern, _first in (
    ("bool", re.compile("true|True|TRUE|false|False|FALSE"), "tTfF"),
    ("null", re.compile("~|null|Null|NULL|"), "~nN\0"),
    ("int", _INTEGER, "-+0123456789"),
    ("float", _FLOAT, "-+0123456789."),
    ("timestamp", _TIMESTAMP, "0123456789"),
    ("merge", re.compile("<<"), "<"),
):
    _whole = re.compile(rf"(?:{_pattern.pattern})\Z", _pattern.flags)
    _firsts = ["" if first == "\0" else first for first in _first]
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _whole, _firsts)
_Loader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in {"null", "bool", "str", "seq", "map", "timestamp"}
}
_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_Loader.add_constructor("tag:yaml.org,2002:float", _construct_float)


def _check_bounds(source: str) -> None:
    """Walk the events, which costs a constant for each, before building what they describe."""
    sizes: dict[str, int] = {}  # of finished anchors, aliases followed
    open_collections: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(source, Loader=_Loader):
        size = 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_collections.append((event.anchor, 1))
            if len(open_collections) > MAX_DEPTH:
                raise BadFrontMatter(f"the metadata is nested more than {MAX_DEPTH} deep")
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise BadFrontMatter(f"the alias {shown(str(event.anchor))} leads nowhere or home")
            size = sizes[event.anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_collections.pop()
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.ScalarEvent):
            if event.anchor:
                sizes[event.anchor] = 1
        else:
            continue
        if open_collections:
            anchor, size_so_far = open_collections[-1]
            open_collections[-1] = (anchor, size_so_far + size)
        total = max(total, size if not open_collections else open_collections[-1][1])
        if total > MAX_VALUES:
            raise BadFrontMatter(f"the metadata stands for more than {MAX_VALUES} values")


def _plain(value: Any) -> Any:
    """What JSON can say of it."""
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value


def _sentence(error: yaml.YAMLError) -> str:
    """What is wrong and where, on one line."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "it is not YAML"
    place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    return f"YAML Exception: {' '.join(str(problem).split())[:300]}{place}"
