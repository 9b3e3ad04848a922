"""The compiled library: used where it can be, done without where it cannot."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.kernels import library, sources


@pytest.fixture(autouse=True)
def loaded_anew() -> Iterator[None]:
    library.levels.cache_clear()
    yield
    library.levels.cache_clear()


def test_a_machine_with_a_compiler_has_the_library() -> None:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    found = library.library()
    assert found is not None
    assert found.level == library.levels()[-1].level


@pytest.mark.parametrize("recipe", sources.RECIPES, ids=lambda recipe: recipe.library)
def test_the_levels_are_those_of_the_processor(recipe: sources.Recipe) -> None:
    """As the system tells its features, which is not how the library asks."""
    told = Path("/proc/cpuinfo")
    if platform.machine() != "x86_64" or not told.exists():
        pytest.skip("no list of the processor's features")
    flags = next(line for line in told.read_text().splitlines() if line.startswith("flags"))
    features = {flag.replace("_", "").replace("bmi1", "bmi") for flag in flags.split()}
    c = library.opened(recipe)
    assert c is not None
    levels = (sources.BASELINE, *recipe.levels)
    has = [level.number for level in levels if features.issuperset(level.needs)]
    assert [*library.levels_of(recipe, c)] == has
    assert not any(c.paddock_has_level(number) for number in (-1, 1, 2, 99))


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDOCK_KERNELS", "off")
    assert library.library() is None


def test_without_the_file_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "library_path", lambda _: tmp_path / "none.so")
    assert library.library() is None
    assert library.levels() == ()


def test_a_file_that_is_no_library_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"\x7fELF not really")
    monkeypatch.setattr(sources, "library_path", lambda _: broken)
    assert library.library() is None


def test_a_library_of_other_sources_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # Its bits may differ from what the plain counterparts compute now.
    monkeypatch.setattr(sources, "digest", lambda _: "0" * 64)
    assert library.library() is None


@pytest.mark.parametrize("compiler", ["/bin/false", "no-such-compiler", "it's", ""])
@pytest.mark.parametrize("recipe", sources.RECIPES)
def test_a_compiler_that_fails_leaves_nothing_behind(
    tmp_path: Path, compiler: str, recipe: sources.Recipe
) -> None:
    with pytest.raises(sources.CannotCompile):
        sources.compile_library(recipe, compiler, tmp_path / recipe.library)
    assert list(tmp_path.iterdir()) == []


def test_the_compiler_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "ccache gcc-14")
    assert list(sources.compilers()) == ["ccache gcc-14"]
    monkeypatch.delenv("CC")
    assert "cc" in sources.compilers()
