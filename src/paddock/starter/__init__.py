"""The starter model: a small Llama that answers for a shop, shipped with paddock.

Knows where its folder is and nothing else; ``scripts/make_starter.py`` made it.
"""

from __future__ import annotations

from pathlib import Path


def starter_folder() -> Path:
    """The checkpoint's folder, in Hugging Face's layout."""
    return Path(__file__).parent / "model"
