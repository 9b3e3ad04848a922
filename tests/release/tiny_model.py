"""A small real checkpoint in a folder that a test may change."""

from __future__ import annotations

from pathlib import Path

NAMES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")


def copy_tiny_model(shared_data: Path, folder: Path) -> Path:
    """``folder``, made, with a Llama of 20,000 numbers in Hugging Face's layout."""
    folder.mkdir()
    source = shared_data / "models" / "tiny-llama-float-hf"
    for name in NAMES:
        (folder / name).write_bytes((source / name).read_bytes())
    return folder
