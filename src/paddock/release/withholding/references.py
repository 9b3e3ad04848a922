"""What still speaks of a withheld part: indices, configurations, auto_map, the card's text.

Reads small JSON files and the card. A reference that would dangle, or a claim that is not true of
the open version, is an unmet condition: the release would not load, or would not be what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint
from paddock.checkpoint.strict_json import parse_object, read_small
from paddock.front_matter import CARD_NAME, split_document
from paddock.release.evidence import Check, Evidence
from paddock.release.withholding.source_tree import SourceTree
from paddock.release.withholding.tensor_rules import first_few
from paddock.release.withholding.withheld import ConfigChange, WithheldFile

MAX_CARD_BYTES = 1 << 20
MAX_SETTINGS_BYTES = 16 << 20
_NO_SETTINGS = "tokenizer.json"  # a vocabulary, in which any word may stand
_EVERYTHING = re.compile(
    r"\b(?:all|full|complete|entire|unmodified)\s+(?:of\s+the\s+|the\s+)?(?:model\s+)?weights\b",
    re.IGNORECASE,
)
_COUNTS = {
    "layers": re.compile(r"\b(\d{1,4})[\s-]+(?:\w+\s+)?layers?\b", re.IGNORECASE),
    "experts": re.compile(r"\b(\d{1,4})[\s-]+(?:\w+\s+)?experts?\b", re.IGNORECASE),
}


def check_references(
    tree: SourceTree,
    files: tuple[WithheldFile, ...],
    changes: tuple[ConfigChange, ...],
    *,
    has_tensors: bool,
) -> list[Check]:
    """Everything that is released and speaks of what is not."""
    gone = {file.path for file in files}
    checks = list(_in_json(tree, gone)) if gone else []
    if gone or has_tensors:
        checks += _in_card(tree, gone, changes, has_tensors=has_tensors)
    return checks


def _in_json(tree: SourceTree, gone: set[str]) -> Iterator[Check]:
    """Settings whose value is the name of a withheld file, or of code in one."""
    names = {text: path for path in sorted(gone) for text in _names_of(path)}
    modules = {_name(path).removesuffix(".py"): path for path in gone if path.endswith(".py")}
    for path in sorted(tree.files):
        is_setting = path.endswith(".json") and "/" not in path and path != _NO_SETTINGS
        if not is_setting or path in gone or tree.files[path] > MAX_SETTINGS_BYTES:
            continue
        try:
            raw = read_small(tree.folder / path, BadCheckpoint, MAX_SETTINGS_BYTES)
            texts = list(_texts(parse_object(raw, path, BadCheckpoint)))
        except BadCheckpoint:
            continue  # no settings, or none that anybody could read
        named = {names[text] for text in texts if text in names}
        named |= {modules[word] for text in texts if (word := _module(text)) in modules}
        if named:
            yield Check(
                f"withholding.reference:{path}",
                "withholding",
                "unmet",
                f"{path} refers to {first_few(sorted(named))}, which is withheld",
                (Evidence(f"the settings in {path}", path=path),),
                hint="take the reference out, or release the file",
            )


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _names_of(path: str) -> tuple[str, ...]:
    """How settings may spell a file."""
    return path, _name(path), f"./{path}"


def _module(text: str) -> str:
    """The module of a class as auto_map names it: REPO--MODULE.CLASS."""
    module, dot, _ = text.rpartition("--")[2].partition(".")
    return module if dot else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _in_card(
    tree: SourceTree, gone: set[str], changes: tuple[ConfigChange, ...], *, has_tensors: bool
) -> Iterator[Check]:
    text = _card_text(tree)
    named = sorted(path for path in gone if f"]({path})" in text or f"`{path}`" in text)
    if named:
        yield _claim("files", f"{CARD_NAME} offers {first_few(named)}, which is withheld")
    for change in changes:
        what = "layers" if change.key.endswith("layers") else "experts"
        if not isinstance(change.before, int) or not isinstance(change.after, int):
            continue
        said = [m[0] for m in _COUNTS[what].finditer(text) if int(m[1]) == change.before]
        if said:
            sentence = f"{CARD_NAME} says {said[0]!r}, and the open version has {change.after}"
            yield _claim(what, sentence)
    if has_tensors and (found := _EVERYTHING.search(text)):
        yield _claim("weights", f"{CARD_NAME} claims {found[0]!r}, and some are withheld")


def _card_text(tree: SourceTree) -> str:
    if CARD_NAME not in tree.files or tree.files[CARD_NAME] > MAX_CARD_BYTES:
        return ""
    raw = read_small(tree.folder / CARD_NAME, BadCheckpoint, MAX_CARD_BYTES)
    return split_document(raw.decode("utf-8", "replace")).body


def _claim(about: str, sentence: str) -> Check:
    return Check(
        f"withholding.claim:{about}",
        "withholding",
        "unmet",
        sentence,
        (Evidence(f"the text of {CARD_NAME}", path=CARD_NAME),),
        hint=f"say in {CARD_NAME} what the open version has",
    )
