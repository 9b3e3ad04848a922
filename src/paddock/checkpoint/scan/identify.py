"""What a file is, by its bytes; its name is no evidence.

Sure of nothing that it cannot show: bytes that fit no format are ``unknown``, never the nearest
guess.
"""

from __future__ import annotations

from pathlib import Path

from paddock.checkpoint.scan.kinds import TEXTS as TEXTS
from paddock.checkpoint.scan.kinds import WEIGHTS as WEIGHTS
from paddock.checkpoint.scan.kinds import Kind as Kind


def identify(file: Path, head: bytes, size_bytes: int) -> Kind:
    """The type of a file of which ``head`` is the beginning."""
    if not size_bytes:
        return Kind.EMPTY
    if head[8:9] == b"{" and size_bytes > 10:
        return Kind.SAFETENSORS
    if head.startswith(b"GGUF"):
        return Kind.GGUF
    try:
        head.decode("utf-8")
    except UnicodeDecodeError:
        return Kind.UNKNOWN
    return Kind.JSON if head.lstrip().startswith(b"{") else Kind.TEXT
