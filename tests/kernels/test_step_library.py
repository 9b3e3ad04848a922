"""The compiled products: used where they can be, done without where they cannot."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.kernels import sources, step_library


@pytest.fixture(autouse=True)
def loaded_anew() -> Iterator[None]:
    step_library.step_levels.cache_clear()
    yield
    step_library.step_levels.cache_clear()


def test_a_machine_with_a_compiler_has_the_library() -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    found = step_library.step_library()
    assert found is not None
    assert found.level == step_library.step_levels()[-1].level


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_KERNELS", "off")
    assert step_library.step_library() is None


def test_without_the_file_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "library_path", lambda _: tmp_path / "none.so")
    assert step_library.step_library() is None
    assert step_library.step_levels() == ()


def test_a_library_of_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # What it takes and gives may differ.
    monkeypatch.setattr(sources, "digest", lambda _: "0" * 64)
    assert step_library.step_library() is None
