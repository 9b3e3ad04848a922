"""A store for every test, copied from one that was filled by real uploads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.fsck import stored
from tests.hub.fsck.stored import Stored

Fsck = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored.build(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def hub(filled: Path, tmp_path: Path) -> Iterator[Stored]:
    copied = stored.copy_of(filled, tmp_path / "data")
    yield copied
    copied.database.dispose()


@pytest.fixture
def fsck(hub: Stored, capsys: pytest.CaptureFixture[str]) -> Fsck:
    """``paddock admin fsck`` on the store: exit code, and what it told as JSON."""

    def run(*options: object) -> tuple[int, dict[str, Any]]:
        return stored.fsck(capsys, hub.data, *options)

    return run
