"""Keys, tokens and passwords in any file: text, metadata, and the strings of binary ones.

Weights themselves are random to the eye and hold no strings, so of them the header is searched; of
any other file everything. What is found is named with its place; the value is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from paddock.checkpoint.safetensors.reading import LENGTH_BYTES, MAX_HEADER_BYTES
from paddock.checkpoint.scan.documents import gguf_of
from paddock.checkpoint.scan.kinds import TEXTS, Kind
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.texts.secret_shapes import (
    MAX_SECRET_BYTES,
    RUN_SHAPES,
    SPACED_SHAPES,
    Shape,
    assigned_secret,
    name_at,
)

MAX_FOUND = 10
MIN_RUN = 18  # an AWS key has 20 characters; everything else more
_BEFORE_RUN_BYTES = 8  # "ya29." stands before its run
_NO_TOKEN = np.ones(256, bool)
_NO_TOKEN[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")] = False
_RUN_SHAPES: dict[bytes, list[Shape]] = {}
for _shape in RUN_SHAPES:
    _RUN_SHAPES.setdefault(_shape.literal, []).append(_shape)
# The longest first: sk-proj- is not to be taken for sk-.
_LITERALS = re.compile(b"|".join(map(re.escape, sorted(_RUN_SHAPES, key=len, reverse=True))))
_BULK = frozenset((Kind.LLAMA2C, Kind.NPY, Kind.TORCH_ZIP, Kind.TORCH_LEGACY, Kind.NPZ))
_BULK_EDGE_BYTES = 8 << 20  # of weights in other formats: pickles stand at one end
_CREDENTIAL_FILES = re.compile(
    r"(?i)\.env(?:\.\w+)?|\.?netrc|_netrc|id_(?:rsa|dsa|ecdsa|ed25519)|\.git-credentials|\.pgpass|"
    r"\.npmrc|\.pypirc|\.htpasswd|kubeconfig|credentials(?:\.json)?|.+\.(?:pem|pfx|p12|jks|kdbx|ppk|keytab)"
)
_TEMPLATE_ENV = re.compile(r"(?i)\.env\.(?:example|sample|template|dist)")


# A token in pieces: a continued line, texts that are added, characters that are not shown.
_ESCAPED = re.compile(rb"\\u00([2-7][0-9a-fA-F])")
_BROKEN = re.compile(
    rb"\\\r?\n[ \t]*|[\"'][ \t]*\+?[ \t]*\r?\n?[ \t]*\+[ \t]*[\"']|\xe2\x80[\x8b-\x8f]"
    rb"|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf|\xc2\xad|\\u00[2-7][0-9a-fA-F]"
)
# A private key behind it is found by its own words.
_PUBLIC_PEM = re.compile(
    rb"(?s)(?!.*PRIVATE KEY).{0,4096}?-----BEGIN (?:CERTIFICATE|(?:RSA )?PUBLIC KEY)-----"
)


class FoundSecret(NamedTuple):
    """A kind of secret and the byte where it begins."""

    name: str
    at: int


def check_secrets(look: Look) -> Iterator[Reason]:
    """Secrets in a file, each by its kind and place."""
    told: set[tuple[str, int]] = set()
    for start, end in _ranges(look):
        for found in _in_range(look, start, end):
            if found not in told and len(told) < MAX_FOUND:
                told.add(found)
                place = f"{look.name}@{found.at}"
                yield Reason("secret", place, f"{found.name} stands at byte {found.at}")
    name = look.basename
    for secret in find_secrets(look.name.encode("utf-8", "replace")):
        yield Reason("secret", look.name, f"{secret.name} is in the file's name")
    is_harmless = _TEMPLATE_ENV.fullmatch(name) or _PUBLIC_PEM.match(look.head)
    if _CREDENTIAL_FILES.fullmatch(name) and not is_harmless and look.size_bytes:
        yield Reason("credentials_file", look.name, f"{name} is where programs keep passwords")


def find_secrets(raw: bytes) -> Iterator[FoundSecret]:
    """Secrets in one piece of bytes."""
    for shape in SPACED_SHAPES:
        at = raw.find(shape.literal)
        while at >= 0:
            yield from _at(raw, at, shape)
            at = raw.find(shape.literal, at + 1)
    end = 0
    for start, stop in _runs(raw):
        for found in _LITERALS.finditer(raw, max(start - _BEFORE_RUN_BYTES, end), stop):
            for shape in _RUN_SHAPES[found[0]]:
                yield from _at(raw, found.start(), shape)
        end = stop
    assigned_at = assigned_secret(raw)
    if assigned_at is not None:
        yield FoundSecret("a secret beside its name", assigned_at)


def _at(raw: bytes, at: int, shape: Shape) -> Iterator[FoundSecret]:
    name = name_at(raw, at, shape)
    if name:
        yield FoundSecret(name, at)


def _runs(raw: bytes) -> list[tuple[int, int]]:
    """Where a token may be: long runs of its characters, which prose and weights have not."""
    others = np.flatnonzero(_NO_TOKEN[np.frombuffer(raw, np.uint8)])
    edges = np.concatenate(([-1], others, [len(raw)]))
    long = np.flatnonzero(np.diff(edges) > MIN_RUN)
    return [(int(edges[i]) + 1, int(edges[i + 1])) for i in long]


def _ranges(look: Look) -> Iterator[tuple[int, int]]:
    size = look.size_bytes
    if look.kind is Kind.SAFETENSORS:
        yield 0, min(size, LENGTH_BYTES + min(_header_bytes(look), MAX_HEADER_BYTES))
    elif look.kind is Kind.GGUF:
        yield 0, _gguf_header_bytes(look)
    elif look.kind in _BULK and size > 2 * _BULK_EDGE_BYTES:
        yield 0, _BULK_EDGE_BYTES
        yield size - _BULK_EDGE_BYTES, size
    else:
        yield 0, size


def _header_bytes(look: Look) -> int:
    return int.from_bytes(look.head[:LENGTH_BYTES], "little")


def _gguf_header_bytes(look: Look) -> int:
    """Where the tensors begin; of a file that cannot be read, all of it as far as it matters."""
    file = gguf_of(look)
    starts = [tensor.start for tensor in file.tensors] if file else []
    return min(starts, default=min(look.size_bytes, 64 << 20))


def _joined(raw: bytes) -> bytes:
    """The text with what programs put together in one piece, and what nobody sees left out."""
    spelled = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw)
    return _BROKEN.sub(b"", spelled)


def _in_range(look: Look, start: int, end: int) -> Iterator[FoundSecret]:
    """Windows that overlap, so that nothing is missed where one ends."""
    kept, at = b"", start
    for piece in look.pieces(start, end):
        window = kept + piece
        plain = list(find_secrets(window))
        yield from (FoundSecret(found.name, at + found.at) for found in plain)
        if not plain and b"\0" in window:  # UTF-16, or strings of wide characters
            for found in find_secrets(window.replace(b"\0", b"")):
                yield FoundSecret(found.name, at)
        if not plain and look.kind in TEXTS and _BROKEN.search(window):
            for found in find_secrets(_joined(window)):
                yield FoundSecret(found.name, at)
        kept = window[-MAX_SECRET_BYTES:]
        at += len(window) - len(kept)
