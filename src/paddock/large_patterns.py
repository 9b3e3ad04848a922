"""Which files git keeps as large ones, by the Hub's custom: the lines of ``.gitattributes``.

The hub writes them into a new repository, a release brings them along. Knows no path.
"""

from __future__ import annotations

ATTRIBUTES_NAME = ".gitattributes"

# The patterns of a new model repository on the Hub.
LARGE_PATTERNS = (
    "*.7z", "*.arrow", "*.bin", "*.bz2", "*.ckpt", "*.ftz", "*.gz", "*.h5", "*.joblib", "*.lfs.*",
    "*.mlmodel", "*.model", "*.msgpack", "*.npy", "*.npz", "*.onnx", "*.ot", "*.parquet", "*.pb",
    "*.pickle", "*.pkl", "*.pt", "*.pth", "*.rar", "*.safetensors", "saved_model/**/*", "*.tar.*",
    "*.tar", "*.tflite", "*.tgz", "*.wasm", "*.xz", "*.zip", "*.zst", "*tfevents*",
)  # fmt: skip


def large_line(pattern: str) -> str:
    """The line that makes files of this pattern large ones."""
    return f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
