"""Which bytes a result is about: the digest of a model's weights.

One file of weights is known by its own SHA-256. Shards that belong together are known by the
SHA-256 of what ``sha256sum`` prints of them in the order of their names, without folders: anybody
can compute it with that tool. Every GGUF file is a model of its own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

_WEIGHTS = (".safetensors", ".gguf", ".bin", ".pth")


def shards_digest(shards: Mapping[str, str]) -> str:
    """The digest of the weights in ``shards``, name to SHA-256."""
    if len(shards) == 1:
        return next(iter(shards.values()))
    lines = "".join(f"{shards[name]}  {name}\n" for name in sorted(shards))
    return hashlib.sha256(lines.encode()).hexdigest()


def model_digests(files: Mapping[str, str]) -> dict[str, str]:
    """The digests of all models among ``files`` (path to SHA-256), each with where it lies."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for path, sha256 in files.items():
        folder, _, name = path.rpartition("/")
        suffix = "." + name.rpartition(".")[2]
        if suffix in _WEIGHTS:
            where = path if suffix == ".gguf" else f"{folder}/*{suffix}".lstrip("/")
            groups[where][name] = sha256
    return {shards_digest(shards): where for where, shards in groups.items()}
