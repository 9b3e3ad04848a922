"""Compiles the kernels when paddock is installed or a wheel is built; does without if it cannot.

A wheel that holds the library is for one platform; one without is for any.
"""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = Path("src/paddock/kernels")


class KernelsBuildHook(BuildHookInterface):  # type: ignore[misc, type-arg, unused-ignore]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        sources = _load(Path(self.root) / KERNELS / "sources.py")
        made = _made(sources, self.app)
        if not made:
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        build_data["pure_python"] = False
        build_data["artifacts"] += [str(KERNELS / recipe.library) for recipe in made]

    def clean(self, versions: list[str]) -> None:
        for library in (Path(self.root) / KERNELS).glob("libpaddock*.so"):
            library.unlink()


def _made(sources: Any, app: Any) -> list[Any]:
    """What was or could be compiled; nothing stale stays of the rest, and one line says so."""
    reasons = {
        recipe: reason
        for recipe in sources.RECIPES
        if not _is_current(sources, recipe) and (reason := _why_not_compiled(sources, recipe))
    }
    for recipe in reasons:
        sources.library_path(recipe).unlink(missing_ok=True)
    if reasons:
        others = " and ".join(recipe.does_without for recipe in reasons)
        app.display_warning(
            f"paddock's kernels are not compiled, {others} will do their work: "
            + "; ".join(dict.fromkeys(reasons.values()))
        )
    return [recipe for recipe in sources.RECIPES if recipe not in reasons]


def _why_not_compiled(sources: Any, recipe: Any) -> str:
    """Compile with the first compiler that can; empty where one could."""
    reason = "no compiler"
    for compiler in sources.compilers():
        try:
            sources.compile_library(recipe, compiler)
        except sources.CannotCompile as e:
            reason = str(e)
        else:
            return ""
    return reason


def _is_current(sources: Any, recipe: Any) -> bool:
    """Whether a library of these very sources is there."""
    library: Path = sources.library_path(recipe)
    return library.is_file() and sources.digest(recipe).encode() in library.read_bytes()


def _load(path: Path) -> Any:
    """The module in a file of paddock, which is not installed yet."""
    spec = importlib.util.spec_from_file_location("paddock_kernels_sources", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
