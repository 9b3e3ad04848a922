"""release.yaml: bytes to a ``ReleaseSpec``, or one sentence with file, line and hint.

The sections say what is right; this says what is wrong in words, and where. Reads no other file.
"""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from paddock.release.errors import BadReleaseFile
from paddock.release.spec.release_spec import API_VERSION, KIND, ReleaseSpec
from paddock.release.spec.section import UNKNOWN_KEY, WRONG, Section
from paddock.release.spec.yaml_fields import nearest
from paddock.release.spec.yaml_tree import Node, parse_yaml

T = TypeVar("T", bound=Section)
_KINDS = {
    "bool_type": "true or false", "int_type": "a whole number", "float_type": "a number",
    "tuple_type": "a list", "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values", "int_from_float": "a whole number",
    "float_parsing": "a number", "finite_number": "a finite number",
}  # fmt: skip
_BOUNDS = {"greater_than_equal": ("ge", "at least"), "greater_than": ("gt", "more than"),
           "less_than_equal": ("le", "at most"), "less_than": ("lt", "less than")}  # fmt: skip


def parse_release(content: bytes, file_name: str = "release.yaml") -> ReleaseSpec:
    """The specification in ``content``; raises BadReleaseFile."""
    tree = parse_yaml(content, file_name)
    if not isinstance(tree.value, dict):
        raise BadReleaseFile(
            f"{file_name}:{tree.line}: the file must be a mapping of keys to values"
        )
    for key, expected in (("apiVersion", API_VERSION), ("kind", KIND)):
        if key not in tree.value:
            near = difflib.get_close_matches(
                key.lower(), map(str.lower, tree.value), n=1, cutoff=0.8
            )
            raise BadReleaseFile(
                f"{file_name}:{tree.line}: the key {key!r} is missing",
                hint=f"spelt exactly so: {key}: {expected}" if near else f"add {key}: {expected}",
            )
        if (found := tree.value[key]).value != expected:
            raise BadReleaseFile(f"{file_name}:{found.line}: {key}: must be {expected!r}")
    return parse_section(tree, ReleaseSpec, file_name)


def parse_section(tree: Node, section: type[T], file_name: str) -> T:
    """The section that ``tree`` spells; raises BadReleaseFile with the first fault of the file."""
    try:
        return section.model_validate(_plain(tree))
    except ValidationError as e:
        faults = [_fault(error, tree) for error in e.errors(include_url=False)]
        first = min(faults, key=lambda fault: (fault.line, len(fault.sentence)))
        raise BadReleaseFile(f"{file_name}:{first.line}: {first.sentence}", hint=first.hint) from e


class _Fault(NamedTuple):
    line: int
    sentence: str
    hint: str | None = None


def _plain(node: Node) -> Any:
    """Values without their lines; a key with nothing is a key that is not there."""
    if isinstance(node.value, dict):
        return {k: _plain(v) for k, v in node.value.items() if v.value is not None}
    if isinstance(node.value, list):
        return [_plain(item) for item in node.value]
    return node.value


def _fault(error: ErrorDetails, tree: Node) -> _Fault:
    node, path = _where(error["loc"], tree)
    context, kind = error.get("ctx", {}), error["type"]
    inside = f" in {path}" if path else ""
    if kind == UNKNOWN_KEY:
        key = str(context["key"])
        line = node.value[key].line if isinstance(node.value, dict) else node.line
        return _Fault(line, f"unknown key {key[:80]!r}{inside}", context["hint"])
    if kind == "missing":
        return _missing(str(error["loc"][-1]), node, path, inside)
    said = f"{path}: " if path else ""
    if kind == WRONG:
        return _Fault(node.line, f"{said}{context['sentence']}", context.get("hint"))
    if kind in {"literal_error", "union_tag_invalid", "enum"}:
        return _choice(node, said, context)
    if kind == "union_tag_not_found":
        return _without_kind(node, said)
    if kind == "string_type":
        return _not_text(node, path)
    if kind in _KINDS:
        return _Fault(node.line, f"{path} must be {_KINDS[kind]}, not {_shown(node)}")
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return _Fault(node.line, f"{path} must be {words} {context[bound]:g}, not {_shown(node)}")
    return _Fault(node.line, f"{said}{error['msg'][:1].lower()}{error['msg'][1:]}")


def _where(loc: tuple[int | str, ...], tree: Node) -> tuple[Node, str]:
    """The innermost node that an error is about; parts of ``loc`` that are no keys are skipped."""
    node, names = tree, list[str]()
    for part in loc:
        if isinstance(part, int) and isinstance(node.value, list) and part < len(node.value):
            node = node.value[part]
        elif isinstance(part, str) and isinstance(node.value, dict) and part in node.value:
            node = node.value[part]
            names.append(part)
    return node, ".".join(names)


def _missing(key: str, node: Node, path: str, inside: str) -> _Fault:
    if path == key or path.endswith(f".{key}"):  # the key is there, with nothing behind it
        return _Fault(node.line, f"{path} is empty")
    return _Fault(node.line, f"the key {key!r} is missing{inside}")


def _without_kind(node: Node, said: str) -> _Fault:
    """An item of ``publish`` or ``derive`` that does not say of which kind it is."""
    key, example = (
        ("to", "{to: folder, path: out}") if "publish" in said else ("do", "{do: prune, layers: 3}")
    )
    if isinstance(node.value, dict):
        return _Fault(node.line, f"{said}the key {key!r} is missing", f"such as {example}")
    return _Fault(
        node.line, f"{said}must be a mapping of keys to values, not {_shown(node)}",
        f"such as {example}",
    )  # fmt: skip


def _choice(node: Node, said: str, context: dict[str, Any]) -> _Fault:
    expected = str(context.get("expected") or context.get("expected_tags", ""))
    allowed = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]
    given = context.get("tag", node.value)
    given = given if isinstance(given, str | int | float) else _shown(node)
    hint = nearest(str(given), allowed)
    return _Fault(node.line, f"{said}{given!r:.100} is not one of {', '.join(allowed)}", hint)


def _not_text(node: Node, path: str) -> _Fault:
    if isinstance(node.value, list | dict):
        return _Fault(node.line, f"{path} must be text, not {_shown(node)}")
    what = f"{path} must be text, and YAML reads this as {node.value!r}"
    return _Fault(node.line, what, "put the value in quotes")


def _shown(node: Node) -> str:
    if isinstance(node.value, dict):
        return "a mapping"
    return "a list" if isinstance(node.value, list) else repr(node.value)[:80]
