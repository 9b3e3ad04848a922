"""Releases with several keys and update metadata, and what a case changes in them.

``trust.yaml`` trusts one key and pins the root, or says what a case needs; ``seen`` is a release
that the reader verified before.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from paddock.signing.keys import create_key
from tests.attacks.corpus.case import Tree
from tests.release.publisher import NOW, Publisher

TRUSTED = ("ed25519",)
Step = Callable[[Publisher], None]


def nothing(publisher: Publisher) -> None:
    """No step at all."""


@cache
def vouched(
    then: Step = nothing, keys: tuple[str, ...] = TRUSTED, threshold: int = 1, now: datetime = NOW
) -> Tree:
    """A whole release after ``then`` happened to it, and a reader's trust."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        publisher = Publisher(folder)
        create_key(folder / "stranger.pem", "ed25519", None)
        publisher.release("release", now)
        root = (folder / "release" / "tuf" / "1.root.json").read_bytes()
        then(publisher)
        tree = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for name in ("release", "seen")
            for path in sorted((folder / name).rglob("*"))
            if path.is_file()
        }
        publics = {f"{key}.pub.pem": (folder / f"{key}.pub.pem").read_bytes() for key in keys}
    said = {"apiVersion": "paddock/v1", "kind": "Trust", "keys": list(publics)}
    said |= {"threshold": threshold, "tuf": {"root": "root.json"}}
    return {**tree, **publics, "root.json": root, "trust.yaml": json.dumps(said).encode()}


def changed_json(tree: Tree, name: str, change: Callable[[Any], None]) -> Tree:
    """The same tree with one file of JSON changed, and nobody's signature made anew."""
    content = tree[name]
    assert isinstance(content, bytes)
    document = json.loads(content)
    change(document)
    return {**tree, name: json.dumps(document, separators=(",", ":"), sort_keys=True).encode()}
