"""The steps of a tokenizer around its model: whether one of them turns words into others.

Honest steps fold forms of Unicode, mark spaces, split and join. A step that replaces, inserts or
removes what people can read lies to the model or to its reader. Every kind that the ``tokenizers``
library knows is listed; anything else is told.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from paddock.checkpoint.errors import BadTokenizer
from paddock.checkpoint.scan.templates.triggers import is_mark
from paddock.checkpoint.scan.tokenizers.charsmap import ascii_replacements
from paddock.checkpoint.scan.tokenizers.patterns import NotRead, characters_of, slow_parts
from paddock.errors import shown

Json = dict[str, Any]
Finding = tuple[str, str]  # a code, and a sentence

PARTS = ("normalizer", "pre_tokenizer", "post_processor", "decoder")
_LISTS = ("normalizers", "pretokenizers", "processors", "decoders")
_KNOWN = {
    "normalizer": frozenset((
        "BertNormalizer", "Strip", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Sequence",
        "Lowercase", "Nmt", "Precompiled", "Replace", "Prepend", "ByteLevel",
    )),
    "pre_tokenizer": frozenset((
        "BertPreTokenizer", "ByteLevel", "Delimiter", "CharDelimiterSplit", "Metaspace",
        "Whitespace", "WhitespaceSplit", "Sequence", "Split", "Punctuation", "Digits",
        "UnicodeScripts", "FixedLength",
    )),
    "post_processor": frozenset((
        "BertProcessing", "RobertaProcessing", "ByteLevel", "TemplateProcessing", "Sequence",
    )),
    "decoder": frozenset((
        "BPEDecoder", "ByteLevel", "WordPiece", "Metaspace", "CTC", "Sequence", "Replace", "Fuse",
        "Strip", "ByteFallback",
    )),
}  # fmt: skip
MAX_STEPS = 200
_MAX_STRIPPED = 8


def check_rules(tokenizer: Json) -> Iterator[Finding]:
    """What is wrong with the steps of a ``tokenizer.json``."""
    special: Json = {
        str(token.get("content")): token.get("id")
        for token in tokenizer.get("added_tokens") or []
        if isinstance(token, dict)
    }
    for part in PARTS:
        for step in _steps(tokenizer.get(part)):
            kind = step.get("type")
            if kind not in _KNOWN[part]:
                yield "tokenizer_rule", f"its {part} has a step of the kind {shown(kind)}"
                continue
            check = _CHECKS.get((part, str(kind))) or _CHECKS.get(("", str(kind)))
            if check:
                yield from check(step, special)


def _steps(value: Any) -> Iterator[Json]:
    waiting = [value]
    for _ in range(MAX_STEPS):
        if not waiting:
            return
        step = waiting.pop(0)
        if not isinstance(step, dict):
            continue
        yield step
        for name in _LISTS:
            inner = step.get(name)
            waiting = (list(inner) if isinstance(inner, list) else []) + waiting
    yield {"type": f"more than {MAX_STEPS} steps"}


def _replace(step: Json, _special: Json) -> Iterator[Finding]:
    content = step.get("content")
    pattern = step.get("pattern")
    if not isinstance(content, str) or not isinstance(pattern, dict):
        yield "tokenizer_broken", "it has a replacement without a pattern or a content"
        return
    if isinstance(pattern.get("Regex"), str):
        yield from check_pattern(pattern["Regex"])
    eaten = _readable(pattern)
    what = f"it replaces {shown(pattern.get('String', pattern.get('Regex')))} by {shown(content)}"
    if has_letters(content) and not is_mark(content):
        yield "tokenizer_rewrite", what
    elif eaten and _is_one_letter(pattern):
        yield "tokenizer_rule", what
    elif eaten:
        yield "tokenizer_rewrite", what


def _split(step: Json, _special: Json) -> Iterator[Finding]:
    pattern = step.get("pattern")
    pattern = pattern if isinstance(pattern, dict) else {"String": str(pattern)}
    if isinstance(pattern.get("Regex"), str):
        yield from check_pattern(pattern["Regex"])
    if step.get("behavior") == "Removed" and not step.get("invert") and _readable(pattern):
        yield "tokenizer_rewrite", "it splits at readable characters and removes them"


def _prepend(step: Json, _special: Json) -> Iterator[Finding]:
    if has_letters(str(step.get("prepend"))):
        yield "tokenizer_rewrite", f"it puts {shown(step.get('prepend'))} before every text"


def _precompiled(step: Json, _special: Json) -> Iterator[Finding]:
    try:
        raw = base64.b64decode(str(step.get("precompiled_charsmap") or ""), validate=True)
        yield from check_charsmap(raw)
    except (binascii.Error, ValueError):
        yield "tokenizer_broken", "its compiled normalizer is not base64"


def check_charsmap(raw: bytes) -> Iterator[Finding]:
    """What SentencePiece's compiled normalizer does to plain words."""
    try:
        for word, becomes in ascii_replacements(raw):
            yield "tokenizer_rewrite", f"it turns {shown(word)} into {shown(becomes)}"
    except BadTokenizer as e:
        yield "tokenizer_broken", e.message


def _strip(step: Json, _special: Json) -> Iterator[Finding]:
    taken = [step.get("start", 0), step.get("stop", 0)]
    if has_letters(str(step.get("content", ""))) or any(
        type(count) is not int or count > _MAX_STRIPPED for count in taken
    ):
        yield "tokenizer_rewrite", f"it strips {shown(step.get('content'))} from every answer"


def _delimiter(step: Json, _special: Json) -> Iterator[Finding]:
    if has_letters(str(step.get("delimiter", ""))):
        yield "tokenizer_rewrite", f"it removes {shown(step.get('delimiter'))} from every text"


def _metaspace(step: Json, _special: Json) -> Iterator[Finding]:
    if has_letters(str(step.get("replacement", ""))):
        yield "tokenizer_rewrite", f"it writes spaces as {shown(step.get('replacement'))}"


def _template(step: Json, special: Json) -> Iterator[Finding]:
    named = step.get("special_tokens")
    for value in named.values() if isinstance(named, dict) else ():
        tokens, ids = (value.get(key) if isinstance(value, dict) else None for key in _LISTED)
        if not isinstance(tokens, list) or not isinstance(ids, list) or len(tokens) != len(ids):
            yield "tokenizer_broken", "its post-processor inserts tokens without their ids"
            continue
        for token, token_id in zip(tokens, ids, strict=True):
            yield from _inserted(token, token_id, special)


def _pair(step: Json, special: Json) -> Iterator[Finding]:
    for name in ("sep", "cls"):
        value = step.get(name)
        if isinstance(value, list) and len(value) == 2:
            yield from _inserted(value[0], value[1], special)


def _inserted(token: Any, token_id: Any, special: Json) -> Iterator[Finding]:
    if token in special:
        if special[token] != token_id:
            yield "token_ids", f"its post-processor inserts {shown(token)} as {shown(token_id)}"
    elif not isinstance(token, str) or (has_letters(token) and not is_mark(token)):
        yield "tokenizer_rewrite", f"it inserts {shown(token)} into every text"


def check_pattern(pattern: str) -> Iterator[Finding]:
    """Whether a regular expression may run for ever, or cannot be read."""
    try:
        for message in slow_parts(pattern):
            yield "tokenizer_pattern", message
    except NotRead as e:
        yield "tokenizer_rule", f"the pattern {shown(pattern)} was not understood: {e}"


def has_letters(text: str) -> bool:
    """Whether people would read something in it."""
    return any(c.isalnum() for c in text)


def _readable(pattern: Json) -> bool:
    """Whether a pattern takes letters or digits."""
    if isinstance(pattern.get("String"), str):
        return has_letters(pattern["String"]) and not is_mark(pattern["String"])
    try:
        return any(c.isalnum() for c in characters_of(str(pattern.get("Regex"))))
    except NotRead:
        return True


def _is_one_letter(pattern: Json) -> bool:
    """One letter beyond ASCII: a way of spelling that some languages fold."""
    text = pattern.get("String")
    return isinstance(text, str) and len(text.strip()) == 1 and not text.isascii()


_LISTED = ("tokens", "ids")
_CHECKS = {
    ("", "Replace"): _replace,
    ("", "Split"): _split,
    ("", "Prepend"): _prepend,
    ("", "Precompiled"): _precompiled,
    ("decoder", "Strip"): _strip,
    ("", "Delimiter"): _delimiter,
    ("", "CharDelimiterSplit"): _delimiter,
    ("", "Metaspace"): _metaspace,
    ("", "TemplateProcessing"): _template,
    ("", "BertProcessing"): _pair,
    ("", "RobertaProcessing"): _pair,
}
