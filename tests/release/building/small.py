"""A small real model with a release file: what most tests of the build begin with."""

from __future__ import annotations

import shutil
from pathlib import Path

from paddock.starter import starter_folder

HEAD = "apiVersion: paddock/v1\nkind: ModelRelease\nlicenses: {distribution: Apache-2.0}\n"


def small_release(folder: Path, sections: str, name: str = "Shop") -> Path:
    """The starter under ``folder``/model, and a release.yaml of these sections beside it."""
    shutil.copytree(starter_folder(), folder / "model")
    path = folder / "release.yaml"
    source = "" if "artifacts:" in sections else "artifacts: {source: {path: model}}\n"
    path.write_text(f"{HEAD}metadata: {{name: {name}, version: 1.0.0}}\n{source}{sections}\n")
    return path
