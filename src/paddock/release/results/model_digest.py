"""By which digests a result may name the models of a release.

Each folder's safetensors are one model and each GGUF file is one: known by the digest of an
output's weights (``files/weights_digest.py``), and where it is a single file, by the file's own
SHA-256, which any tool can compute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from paddock.release.files.weights_digest import is_weights, weights_digest


def model_digests(files: Mapping[str, str]) -> dict[str, str]:
    """The digests of all models among ``files`` (path to SHA-256), each with where it lies."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for path, sha256 in files.items():
        if is_weights(path):
            folder, _, name = path.rpartition("/")
            where = path if path.endswith(".gguf") else f"{folder}/*.safetensors".lstrip("/")
            groups[where][name] = sha256
    digests: dict[str, str] = {}
    for where, weights in groups.items():
        digests[weights_digest(weights)] = where
        if len(weights) == 1:
            digests[next(iter(weights.values()))] = where
    return digests
