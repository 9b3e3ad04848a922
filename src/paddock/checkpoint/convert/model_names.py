"""What a model is called, told from where it is."""

from __future__ import annotations

import re
from pathlib import Path

_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")
_CACHE = re.compile(r"models--(?:.+--)?(.+)")
_REVISION = re.compile(r"[0-9a-f]{40}")
_TYPE = re.compile(r"[-.](?:B?F16|F32|Q\d_(?:0|K(?:_[SM])?))(?:-\d{5}-of-\d{5})?", re.IGNORECASE)
_MAX_CHARS = 96


def model_name(source: Path) -> str:
    """The name of a model from where it is: its folder, the hub cache's repository, its file."""
    path = source.resolve()
    if path.parent.name == "snapshots" and _REVISION.fullmatch(path.name):
        cached = _CACHE.fullmatch(path.parent.parent.name)
        return _clean(cached[1] if cached else path.parent.parent.name)
    if path.is_dir() or path.name == "model.safetensors":
        return _clean(path.name if path.is_dir() else path.parent.name)
    return _clean(_TYPE.sub("", path.stem))


def _clean(name: str) -> str:
    return _FOREIGN.sub("-", name).strip("-.")[:_MAX_CHARS] or "model"
