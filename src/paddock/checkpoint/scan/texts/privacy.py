"""Names of people and machines, and rows of training data, in files about a model.

Paths and buckets are a warning. Lists of addresses and rows of data are for a person to judge:
whoever is in them was not asked. A few addresses in a card or licence are how authors sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from paddock.checkpoint.scan.documents import decoded, items_of, object_of
from paddock.checkpoint.scan.kinds import TEXTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.errors import shown

MAX_LISTED = 5  # addresses in one file that are no list yet
MAX_SIGNED = 30  # in files that name their authors
MIN_ROWS = 2
MAX_TEXT_BYTES = 64 << 20  # beyond, the beginning speaks for the rest
MAX_LOG_BYTES = 16 << 20
MAX_PLACES = 50_000
_BINARY = frozenset((Kind.PICKLE, Kind.TORCH_ZIP, Kind.TORCH_LEGACY, Kind.UNKNOWN))
_BINARY_BYTES = 1 << 20
_SIGNED = re.compile(
    r"(?i)(?:readme|authors?|maintainers?|contributors?|credits?|citation|licen[cs]e|copying|notice|"
    r"codeowners|changelog|copyright|third.?party.*)(?:[-._].*)?"
)
_ADDRESS = re.compile(rb"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
# Literals that are searched for first, and what must stand there.
_HOMES = (b"/home/", b"/Users/", b":\\Users\\", b":\\\\Users\\\\")
_HOME = re.compile(rb"([A-Za-z0-9._-]{2,40})(?=[/\\\"'\s]|$)")
_STORES = (
    b"s3://",
    b"gs://",
    b"gcs://",
    b"abfs://",
    b"abfss://",
    b"wasbs://",
    b"hdfs://",
    b"oss://",
)
_STORE = re.compile(rb"([A-Za-z0-9._@-]{3,80})")
_INTERNALS = (b".internal", b".intranet", b".corp", b".lan")
_HOST = re.compile(rb"[a-z0-9][a-z0-9-]{1,40}(?:\.[a-z0-9-]{1,40}){0,4}")
_AFTER_HOST = re.compile(rb"[\w.(-]")
_NOBODY = frozenset((
    b"user", b"username", b"your_name", b"yourname", b"you", b"me", b"ubuntu", b"runner", b"shared",
    b"public", b"default", b"name", b"admin", b"vscode", b"jovyan", b"bucket", b"my-bucket",
    b"your-bucket", b"app", b"...",
))  # fmt: skip
_LOG_NAME = re.compile(
    r"(?i).*\.(?:log|out|err)(?:\.\d+)?|.*(?:^|[-_.])logs?[-_.].*|trainer_state\.json|.*_log\.\w+|"
    r"(?:train|training|eval|metrics|history|nohup|debug|output|console|stdout|stderr)[\w.-]*\.(?:txt|jsonl?|csv|ndjson)"
)
_ROW_KEYS = frozenset((
    "messages", "conversation", "conversations", "prompt", "completion", "instruction", "question",
    "answer", "text", "content", "input", "inputs", "output", "response", "chosen", "rejected",
    "sample", "example", "generated_text", "prediction_text", "decoded",
))  # fmt: skip
_ROW_IN_TEXT = re.compile(
    rb"(?i)[\"']?\b(?:messages|prompt|completion|instruction|response|sample|example|input_text|"
    rb"generated|text|question|answer|chosen|rejected)\b[\"']?\s*[:=]\s*[\[{\"']?[^\n]{0,40}?"
    rb"[A-Za-z\xc3-\xf4][\w'\x80-\xff]*(?:[ ,;]+[\w'\x80-\xff.-]+){4}"
)
_MIN_WORDS = 5


def check_privacy(look: Look) -> Iterator[Reason]:
    """People, machines and rows of data in a file."""
    raw, is_text = b"", look.kind in TEXTS or look.kind is Kind.UTF16
    if is_text:
        raw = look.read(0, MAX_TEXT_BYTES)
    elif look.kind in _BINARY:
        raw = look.read(0, _BINARY_BYTES)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = decoded(raw).encode()
    yield from _paths(look, raw)
    if not is_text:
        return
    yield from _addresses(look, raw)
    if _LOG_NAME.fullmatch(look.basename):
        yield from _rows(look, raw)


def _paths(look: Look, raw: bytes) -> Iterator[Reason]:
    found: dict[bytes, None] = {}
    for literals, pattern in ((_HOMES, _HOME), (_STORES, _STORE)):
        for literal in literals:
            for at in _places(raw, literal):
                name = pattern.match(raw, at + len(literal))
                if name and name[1].lower() not in _NOBODY:
                    found.setdefault(literal + name[1])
    for literal in _INTERNALS if look.kind is not Kind.PYTHON else ():
        for at in _places(raw, literal):
            host = _HOST.fullmatch(raw, _begin(raw, at), at)
            if host and not _AFTER_HOST.match(raw, at + len(literal)):
                found.setdefault(host[0] + literal)
    if found:
        example = shown(next(iter(found)).decode("ascii", "replace"))
        message = f"it names {len(found)} people, machines or buckets, such as {example}"
        yield Reason("machine_path", look.name, message)


def _places(raw: bytes, literal: bytes) -> Iterator[int]:
    at = raw.find(literal)
    for _ in range(MAX_PLACES):
        if at < 0:
            return
        yield at
        at = raw.find(literal, at + 1)


def _addresses(look: Look, raw: bytes) -> Iterator[Reason]:
    if raw.count(b"@") <= MAX_LISTED:
        return
    allowed = MAX_SIGNED if _SIGNED.fullmatch(look.basename) else MAX_LISTED
    found: set[bytes] = set()
    for at in _places(raw, b"@"):
        address = _ADDRESS.fullmatch(raw, _begin(raw, at), _end(raw, at))
        if address:
            found.add(address[0].lower())
        if len(found) > allowed:
            break
    if len(found) > allowed:
        yield Reason("addresses", look.name, f"it lists more than {allowed} e-mail addresses")


_LOCAL = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-")


def _begin(raw: bytes, at: int) -> int:
    """Where the word before an @ begins; looked for backwards, so that no text is slow."""
    begin = at
    while begin > max(0, at - 64) and raw[begin - 1] in _LOCAL:
        begin -= 1
    return begin


def _end(raw: bytes, at: int) -> int:
    end = at + 1
    while end < min(len(raw), at + 200) and raw[end] in _LOCAL - frozenset(b"_%+"):
        end += 1
    while end > at and raw[end - 1 : end] in (b".", b"-"):
        end -= 1
    return end


def _rows(look: Look, raw: bytes) -> Iterator[Reason]:
    if look.kind is Kind.JSON:
        rows = _rows_in(object_of(look))
    else:
        rows = sum(_is_row(line) for line in raw[:MAX_LOG_BYTES].splitlines())
    if rows >= MIN_ROWS:
        yield Reason("training_rows", look.name, f"{rows} entries look like rows of data")


def _rows_in(document: Any) -> int:
    return sum(
        item.key in _ROW_KEYS and isinstance(item.value, str) and _is_prose(item.value)
        for item in items_of(document)
    )


def _is_row(line: bytes) -> bool:
    if line.lstrip()[:1] == b"{" and len(line) < 1 << 20:
        try:
            return _rows_in(json.loads(line)) > 0
        except (ValueError, RecursionError):
            pass
    return _ROW_IN_TEXT.search(line[:4000]) is not None


def _is_prose(text: str) -> bool:
    words = text[:2000].split()
    return len(words) >= _MIN_WORDS and sum(word[:1].isalpha() for word in words) * 2 > len(words)
