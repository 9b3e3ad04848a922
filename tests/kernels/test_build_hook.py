"""What installing does: a library where a compiler is, a warning and nothing stale where none is.

The hook runs on a copy of the sources. The compiler is the real one, hurried: without optimisation,
and without the levels that a compiler may not know.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest
from hatchling.bridge.app import Application

from paddock.kernels import library, sources

REPOSITORY = Path(__file__).parents[2]
ANY_COMPILER = next(filter(shutil.which, ("cc", "gcc", "clang")), None)
HURRIED = f"""#!/bin/sh
case "$*" in *-march=*) exit 1;; esac
exec {ANY_COMPILER} "$@" -O0
"""
BEFORE = b"of other sources"


class Warned(Application):
    """What the installer shows."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []

    def display_warning(self, message: str = "", **_: object) -> None:
        self.warnings.append(message)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A source tree, with the libraries of an older one still in it."""
    kernels = tmp_path / "tree" / "src" / "paddock" / "kernels"
    kernels.mkdir(parents=True)
    shutil.copy(str(sources.__file__), kernels)
    for folder in ("source", "step", "levels"):
        shutil.copytree(Path(str(sources.__file__)).parent / folder, kernels / folder)
    for recipe in sources.RECIPES:
        (kernels / recipe.library).write_bytes(BEFORE)
    return tmp_path / "tree"


@pytest.fixture
def hurried(tmp_path: Path) -> Path:
    if ANY_COMPILER is None:
        pytest.skip("no C compiler")
    compiler = tmp_path / "cc"
    compiler.write_text(HURRIED)
    compiler.chmod(0o755)
    return compiler


def installed(root: Path) -> tuple[Path, dict[str, Any], list[str]]:
    """Where the library would be, what the wheel is told, and the warnings."""
    spec = importlib.util.spec_from_file_location("hatch_build", REPOSITORY / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    told: dict[str, Any] = {"artifacts": [], "pure_python": True}
    app: Any = Warned()
    nothing: Any = None
    hook = module.KernelsBuildHook(str(root), {}, nothing, nothing, str(root), "wheel", app)
    hook.initialize("standard", told)
    return root / "src/paddock/kernels/libpaddock.so", told, app.warnings


def test_a_compiler_replaces_an_older_library_once(
    root: Path, hurried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", str(hurried))
    made, told, warnings = installed(root)
    assert warnings == []
    libraries = ["libpaddock.so", "libpaddock_step.so"]
    assert told["artifacts"] == [f"src/paddock/kernels/{name}" for name in libraries]
    assert not told["pure_python"] and told["tag"].startswith("py3-none-")
    assert sorted(each.name for each in made.parent.glob("*.so")) == libraries
    monkeypatch.setattr(sources, "library_path", lambda _: made)
    library.levels.cache_clear()
    loaded = library.library()
    library.levels.cache_clear()
    assert loaded is not None and loaded.level == 0

    monkeypatch.setenv("CC", "/bin/false")  # not asked again: these are its sources
    assert installed(root)[1:] == (told, [])


@pytest.mark.parametrize("compiler", ["/bin/false", "no-such-compiler"])
def test_without_a_compiler_the_wheel_is_for_any_platform_and_holds_no_older_library(
    root: Path, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", compiler)
    made, told, warnings = installed(root)
    assert not list(made.parent.glob("*.so"))
    assert told == {"artifacts": [], "pure_python": True}
    assert len(warnings) == 1 and compiler in warnings[0] and "NumPy and PyTorch" in warnings[0]


def test_a_library_of_other_sources_is_there_and_not_loaded(
    root: Path, hurried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after a pull without an installation: its bits may differ from NumPy's.
    stale = root / "src/paddock/kernels/libpaddock.so"
    monkeypatch.setattr(sources, "digest", lambda _: "0" * 64)
    sources.compile_library(sources.CODECS, str(hurried), stale)
    monkeypatch.undo()
    monkeypatch.setattr(sources, "library_path", lambda _: stale)
    library.levels.cache_clear()
    loaded = library.library()
    library.levels.cache_clear()
    assert loaded is None
