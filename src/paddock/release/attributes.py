"""The release's own .gitattributes: which of its files git keeps as large files.

Pure. The release brings this file, signed like every other, and so overwrites the one that a hub
puts into a new repository. It names every large or binary file that the usual patterns miss, so
that no hub has a reason to edit it.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

LARGE_FILE_BYTES = 10 << 20  # from here on the Hub stores a file as a large one
_SUFFIX = "filter=lfs diff=lfs merge=lfs -text"
# The patterns of a new model repository on the Hub.
_PATTERNS = (
    "*.7z", "*.arrow", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gz", "*.h5", "*.joblib", "*.lfs.*",
    "*.mlmodel", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx", "*.ot", "*.parquet", "*.pb",
    "*.pickle", "*.pkl", "*.pt", "*.pth", "*.rar", "*.safetensors", "saved_model/**/*", "*.tar.*",
    "*.tar", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip", "*.zst", "*tfevents*",
)  # fmt: skip


def render_attributes(large_paths: Iterable[str]) -> bytes:
    """The usual patterns, then a line for each path that they miss."""
    lines = [f"{pattern} {_SUFFIX}" for pattern in _PATTERNS]
    for path in sorted(large_paths):
        name = path.rsplit("/", 1)[-1]
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in _PATTERNS):
            lines.append(f"{_escaped(path)} {_SUFFIX}")
    return ("\n".join(lines) + "\n").encode()


def _escaped(path: str) -> str:
    """A path as a pattern that means only itself (gitattributes(5))."""
    pattern = re.sub(r"([*?\[\]\\!#\"])", r"\\\1", path).replace(" ", "[[:space:]]")
    return pattern if "/" in path else f"/{pattern}"
