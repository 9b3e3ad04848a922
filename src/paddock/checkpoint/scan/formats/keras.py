"""Keras' models, recognised and refused: what they name can run when they are loaded.

Of the archives the configuration is read as JSON; of HDF5, whose structure is not parsed, the same
words are searched for in all its bytes. Neither is ever clean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from paddock.checkpoint.errors import BadCheckpoint, BadConfig
from paddock.checkpoint.scan.archives.zip_directory import read_directory
from paddock.checkpoint.scan.archives.zips import unpacked
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.strict_json import parse_object
from paddock.errors import shown

MAX_CONFIG_BYTES = 16 << 20
MAX_TOLD = 20
_RUNNING_CLASSES = {"Lambda", "function", "__lambda__", "TFOpLambda", "SlicingOpLambda"}
_MODULES = re.compile(
    r"(tf_)?keras(\.src)?\.(layers|models|initializers|regularizers|constraints|optimizers|losses|"
    r"metrics|dtype_policies|activations)(\.[a-z0-9_.]+)?"
)
_MODELS = {"Sequential", "Functional", "Model"}
_CLASS = re.compile(rb'"class_name"')
_IN_BYTES = (
    (re.compile(rb'"class_name"\s*:\s*"([^"\\]{1,200})"'), "class"),
    (re.compile(rb'"module"\s*:\s*"([^"\\]{1,200})"'), "module"),
    (re.compile(rb"(__lambda__)"), "class"),
    # Letters that need no escape: json.dumps writes none, a word that hides does.
    (re.compile(rb'"[^"\n]{0,100}(\\u00[2-7][0-9a-fA-F])'), "escape"),
)
_OVERLAP_BYTES = 512


def check_keras(look: Look) -> Iterator[Reason]:
    """A .keras archive: its configuration."""
    yield Reason("keras", look.name, "it is a Keras model")
    members = {member.name: member for member in read_directory(look.file)}
    member = members.get("config.json")
    if member is None or member.size_bytes > MAX_CONFIG_BYTES:
        yield Reason("malformed", look.name, "it has no config.json of a sensible size")
        return
    try:
        raw = b"".join(unpacked(look, member))
        config = parse_object(raw, "config.json", BadConfig)
    except BadCheckpoint as e:
        yield refusal(e, f"{look.name}!config.json")
        return
    yield from _code_reasons(config, f"{look.name}!config.json")


def check_keras_json(look: Look) -> Iterator[Reason]:
    """A model's architecture alone, as ``to_json`` writes it."""
    if not _CLASS.search(look.head) or look.size_bytes > MAX_CONFIG_BYTES:
        return
    try:
        config = parse_object(look.read(0, MAX_CONFIG_BYTES), look.basename, BadConfig)
    except BadCheckpoint:
        return  # no JSON that Keras could read, and judged elsewhere
    if config.get("class_name") in _MODELS and isinstance(config.get("config"), dict):
        yield Reason("keras", look.name, "it describes a Keras model")
        yield from _code_reasons(config, look.name)


def _code_reasons(config: dict[str, Any], place: str) -> Iterator[Reason]:
    for found, _ in zip(_named(config), range(MAX_TOLD), strict=False):
        yield Reason("keras_code", place, found)


def _named(value: Any) -> Iterator[str]:
    """What in the configuration is code, or a class of a module that is not Keras' own."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            pending += value.values()
            if value.get("class_name") in _RUNNING_CLASSES:
                yield f"it holds a {value['class_name']}"
            module = value.get("module")
            if "class_name" in value and module is not None and not _is_kerases_own(module):
                yield f"it takes {shown(value['class_name'])} from the module {shown(module)}"


def _is_kerases_own(module: object) -> bool:
    return type(module) is str and (module == "keras" or _MODULES.fullmatch(module) is not None)


def check_hdf5(look: Look) -> Iterator[Reason]:
    """HDF5, which Keras used before version 3."""
    yield Reason("keras", look.name, "it is an HDF5 file")
    told: set[str] = set()
    before = b""
    for piece in look.pieces():
        for pattern, what in _IN_BYTES:
            for match in pattern.finditer(before + piece):
                found = _judged(what, match[1])
                if found and found not in told and len(told) < MAX_TOLD:
                    told.add(found)
                    yield Reason("keras_code", look.name, found)
        before = piece[-_OVERLAP_BYTES:]


def _judged(what: str, raw: bytes) -> str | None:
    word = raw.decode("utf-8", "replace")
    if what == "class":
        return f"it holds a {word}" if word in _RUNNING_CLASSES else None
    if what == "module":
        return None if _is_kerases_own(word) else f"it takes a class from the module {shown(word)}"
    return f"letters are hidden as {json.dumps(word)}"
