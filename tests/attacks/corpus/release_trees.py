"""Folders to be released: a small whole Llama, a release.yaml, and what a case changes in them."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.attacks.corpus.case import Content, Tree
from tests.attacks.corpus.tokenizers_files import tokenizer
from tests.checkpoint.samples import write_hf_folder


@cache
def model_files() -> dict[str, bytes]:
    """``config.json``, weights of random numbers and a tokenizer."""
    with tempfile.TemporaryDirectory() as folder:
        write_hf_folder(Path(folder))
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    return files | {"tokenizer.json": json.dumps(tokenizer()).encode()}


def release(
    sections: dict[str, Any], files: dict[str, Content] | None = None, name: str = "acme"
) -> Tree:
    """A folder whose release.yaml holds these sections; ``files`` replace or add to the model's."""
    metadata = {"name": name, "version": "1.0.0"} | sections.pop("metadata", {})
    document = {
        "apiVersion": "paddock/v1",
        "kind": "ModelRelease",
        "metadata": metadata,
        **sections,
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return {"release.yaml": text.encode(), **model_files(), **(files or {})}


def changed_config(**changes: Any) -> dict[str, Content]:
    """The model's configuration with other values."""
    config = json.loads(model_files()["config.json"]) | changes
    return {"config.json": json.dumps(config).encode()}
