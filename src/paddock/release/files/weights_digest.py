"""One digest for all weights of an output: what an audit's results are held against.

Pure. Knows names and SHA-256 alone, so the same weights have the same digest in the build, in the
release and on the auditor's machine; names are relative to the output's own folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import rfc8785

from paddock.errors import BadInput

WEIGHT_SUFFIXES = (".safetensors", ".gguf")


def is_weights(path: str) -> bool:
    """Whether a file of a release holds weights; an index of them does not."""
    return path.endswith(WEIGHT_SUFFIXES)


def weights_digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the canonical JSON of ``[[path, sha256], …]``, sorted by path.

    ``files`` are path and SHA-256 of the weight files; raises BadInput when there is none.
    """
    if not files:
        raise BadInput("there are no weights to name by a digest")
    return hashlib.sha256(
        rfc8785.dumps([[path, files[path]] for path in sorted(files)])
    ).hexdigest()
