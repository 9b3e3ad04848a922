"""How a SentencePiece-like ``tokenizer.json`` treats spaces, as far as GGUF can say it.

SentencePiece writes a space as a letter of its own inside pieces. ``tokenizer.json`` says so by a
normaliser or by a cut; GGUF by two switches. Any further step has no form there and is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.tokenizer.sentencepiece import SPACE
from paddock.errors import shown

Json = Mapping[str, Any]
_PREPEND = {"type": "Prepend", "prepend": SPACE}
_STRIP = {"type": "Strip", "strip_left": True, "strip_right": True}
_JOIN = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
_WRITE = {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}


class Spaces(NamedTuple):
    """Whether every text gets a space before it, and whether runs of spaces become one."""

    has_prefix: bool
    are_joined: bool


def not_in_gguf(why: str) -> BadTokenizer:
    """The refusal of a tokenizer that GGUF cannot carry."""
    return BadTokenizer(
        "not_in_gguf",
        f"the tokenizer has no form in GGUF: {why}",
        hint="without its tokenizer's files the model converts, to a file that takes token ids",
    )


def writes_spaces(tokenizer: Json) -> bool:
    """Whether spaces become SentencePiece's letter."""
    cuts = steps_of(tokenizer.get("pre_tokenizer"), "pretokenizers")
    return _WRITE in _normalizers(tokenizer) or any(cut.get("type") == "Metaspace" for cut in cuts)


def spaces_of(tokenizer: Json, pieces: Iterable[str]) -> Spaces:
    """What happens to spaces; BadTokenizer for steps that GGUF has no word for."""
    normalizers = _normalizers(tokenizer)
    for step in normalizers:
        if step not in (_PREPEND, _STRIP, _JOIN, _WRITE):
            raise not_in_gguf(f"it changes the text by {shown(step.get('type'))}")
    has_prefix = _PREPEND in normalizers
    for cut in steps_of(tokenizer.get("pre_tokenizer"), "pretokenizers"):
        if cut.get("type") != "Metaspace" or cut.get("replacement") != SPACE:
            raise not_in_gguf(f"it cuts words by {shown(cut.get('type'))}")
        if cut.get("split", True) and any(SPACE in piece[1:] for piece in pieces):
            raise not_in_gguf("it cuts at spaces that its pieces hold")
        has_prefix |= _prepends(cut)
    return Spaces(has_prefix, _STRIP in normalizers and _JOIN in normalizers)


def steps_of(step: object, key: str) -> Iterator[Json]:
    """The steps of a normaliser, cut or post-processor, one after the other."""
    if not isinstance(step, dict):
        return
    inner = step.get(key)
    if step.get("type") != "Sequence" or not isinstance(inner, list):
        yield step
        return
    for each in inner:
        yield from steps_of(each, key)


def _normalizers(tokenizer: Json) -> list[Json]:
    return list(steps_of(tokenizer.get("normalizer"), "normalizers"))


def _prepends(metaspace: Json) -> bool:
    scheme = metaspace.get("prepend_scheme")
    return scheme != "never" if scheme else bool(metaspace.get("add_prefix_space", True))
