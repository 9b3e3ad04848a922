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
        if not _is_current(sources) and not _compile(sources, self.app):
            sources.LIBRARY.unlink(missing_ok=True)
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        build_data["pure_python"] = False
        build_data["artifacts"].append(str(KERNELS / sources.LIBRARY.name))

    def clean(self, versions: list[str]) -> None:
        (Path(self.root) / KERNELS / "libpaddock.so").unlink(missing_ok=True)


def _compile(sources: Any, app: Any) -> bool:
    reason = ""
    for compiler in sources.compilers():
        try:
            sources.compile_library(compiler)
        except sources.CannotCompile as e:
            reason = str(e)
        else:
            return True
    app.display_warning(f"paddock's kernels are not compiled, NumPy does their work: {reason}")
    return False


def _is_current(sources: Any) -> bool:
    """Whether a library of these very sources is there."""
    library: Path = sources.LIBRARY
    return library.is_file() and sources.digest().encode() in library.read_bytes()


def _load(path: Path) -> Any:
    """The module in a file of paddock, which is not installed yet."""
    spec = importlib.util.spec_from_file_location("paddock_kernels_sources", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
