"""Revisions as folders on the hub's disk: a few are kept, and none is taken from who writes it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from paddock.config import Settings
from paddock.hub.context import Hub
from paddock.hub.large.content import Content
from paddock.web.serving import source
from paddock.web.serving.source import OwnSource
from paddock.web.serving.trusting import Trusting

DAY = 86_400


class Bytes:
    """A small file that lies nowhere."""

    local_path = None
    size_bytes = 3

    def read(self, start: int, size: int) -> Iterator[bytes]:
        yield b"abc"[start : start + size]


def of(folder: Path, commit: str, monkeypatch: pytest.MonkeyPatch) -> OwnSource:
    contents = [("config.json", cast("Content", Bytes()))]
    monkeypatch.setattr(OwnSource, "_contents", lambda _self: contents)
    trusting = Trusting(Settings(config_home=Path("nowhere")))
    return OwnSource(cast("Hub", None), folder, trusting, 7, commit, "a/b", 0, "a/b")


def test_the_oldest_are_forgotten_and_nothing_that_is_being_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MAX_KEPT", 2)
    now = time.time()
    for name, age in (("7-old", 90), ("7-older", 95), ("partial-new", 100), ("partial-x", 2 * DAY)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (now - age, now - age))
    made = of(tmp_path, "new", monkeypatch).fetch()
    assert (made / "config.json").read_bytes() == b"abc"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["7-new", "7-old", "partial-new"]


def test_where_another_process_was_faster_its_folder_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = of(tmp_path, "one", monkeypatch)
    (tmp_path / "7-one").mkdir()
    (tmp_path / "7-one" / "config.json").write_bytes(b"abc")
    own._write(tmp_path / "7-one")
    assert [each.name for each in tmp_path.iterdir()] == ["7-one"]


def test_what_fails_on_the_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = of(tmp_path, "one", monkeypatch)
    monkeypatch.setattr(Bytes, "read", lambda *_: (_ for _ in ()).throw(MemoryError))
    with pytest.raises(MemoryError):
        own.fetch()
    assert list(tmp_path.iterdir()) == []
