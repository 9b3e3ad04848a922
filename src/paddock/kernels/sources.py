"""What each library is compiled from, and how: commands, levels and a digest.

Imports nothing of paddock and nothing that must be installed first: the build hook loads this file
by itself. A library is good for exactly the sources, and the kind of processor, of its digest. Of a
folder's C files those named ``level*.c`` are compiled for every level, the others once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

TIMEOUT_SECONDS: Final = 300
_HERE: Final = Path(__file__).parent
_FLAGS: Final = ("-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-Wno-psabi")


class Level(NamedTuple):
    """One compilation of all kernels: for which processors, and how wide their vectors are."""

    name: str
    flags: tuple[str, ...]
    lanes: int


BASELINE: Final = Level("paddock_baseline", (), 4)
# The x86-64 psABI's levels; a library chooses among them when it runs.
_V3: Final = Level("paddock_v3", ("-march=x86-64-v3",), 8)
_V4: Final = Level("paddock_v4", ("-march=x86-64-v4", "-mprefer-vector-width=512"), 16)
# AVX-512 with the instructions that multiply int8 and bfloat16.
_V4_PRODUCTS: Final = _V4._replace(flags=(*_V4.flags, "-mavx512vnni", "-mavx512bf16"))


class Recipe(NamedTuple):
    """How one library is made."""

    library: str  # the file's name, beside this one
    folders: tuple[str, ...]  # of sources: the first is compiled, the others are only included
    flags: tuple[str, ...]
    x86_levels: tuple[Level, ...]
    does_without: str  # who does its work where it is not there


CODECS: Final = Recipe(
    "libpaddock.so",
    ("source",),
    # Nothing here changes a result: sums keep their order, each operation rounds by itself.
    ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"),
    (_V3, _V4),
    "NumPy",
)
STEP: Final = Recipe(
    "libpaddock_step.so",
    ("step", "source"),
    ("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-pthread"),
    (_V3, _V4_PRODUCTS),
    "PyTorch",
)
RECIPES: Final = (CODECS, STEP)


class CannotCompile(Exception):
    """There is no compiler, it refused, or this is no machine that the kernels are written for."""


def library_path(recipe: Recipe) -> Path:
    """Where the compiled library is."""
    return _HERE / recipe.library


def digest(recipe: Recipe) -> str:
    """Of the sources, the commands and the kind of processor."""
    hashed = hashlib.sha256(platform.machine().encode())
    sources = [path for folder in recipe.folders for path in sorted((_HERE / folder).iterdir())]
    for path in (*sources, Path(__file__)):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def compile_library(recipe: Recipe, compiler: str, target: Path | None = None) -> None:
    """Put the library at ``target``, whole or not at all; raises CannotCompile."""
    if sys.byteorder != "little" or sys.maxsize < 2**63 - 1:
        raise CannotCompile("the kernels are for little-endian processors of 64 bits")
    try:
        with tempfile.TemporaryDirectory(prefix="paddock-kernels-") as name:
            folder = Path(name)
            objects, defines = _compile_levels(recipe, compiler, folder)
            defines += (f'-DSOURCES="{digest(recipe)}"',)
            for source in _sources(recipe, at_levels=False):
                objects.append(folder / f"{source.stem}.o")
                _run([*_command(recipe, compiler, source, objects[-1]), *defines])
            library = folder / recipe.library
            linked = ["-shared", *recipe.flags, "-o", library, *objects, "-lm"]
            _run([*shlex.split(compiler), *map(str, linked)])
            _put(library, target or library_path(recipe))
    except (OSError, ValueError, subprocess.SubprocessError) as e:
        raise CannotCompile(str(e)) from e


def _sources(recipe: Recipe, *, at_levels: bool) -> list[Path]:
    found = sorted((_HERE / recipe.folders[0]).glob("*.c"))
    return [path for path in found if path.name.startswith("level") == at_levels]


def _compile_levels(
    recipe: Recipe, compiler: str, folder: Path
) -> tuple[list[Path], tuple[str, ...]]:
    """The objects of each level that this compiler knows, and what the others are told of them."""
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    sources = _sources(recipe, at_levels=True)
    running = [
        (level, _start(recipe, compiler, source, level, folder))
        for level in (BASELINE, *(recipe.x86_levels if is_x86 else ()))
        for source in sources
    ]
    try:
        failed = {level for level, process in running if process.wait(TIMEOUT_SECONDS) != 0}
    finally:
        for _, process in running:
            process.kill()  # nothing where it has ended, as it has but for one that hangs
            process.wait()
    if BASELINE in failed:
        raise CannotCompile(f"{compiler} cannot compile the kernels")
    done = dict.fromkeys(level for level, _ in running if level not in failed)
    names = [level.name.removeprefix("paddock_").upper() for level in done if level != BASELINE]
    objects = [folder / f"{source.stem}-{level.name}.o" for level in done for source in sources]
    return objects, tuple(f"-DHAS_{name}" for name in names)


def _start(
    recipe: Recipe, compiler: str, source: Path, level: Level, folder: Path
) -> subprocess.Popen[bytes]:
    command = _command(recipe, compiler, source, folder / f"{source.stem}-{level.name}.o")
    defines = [f"-DLEVEL={level.name}", f"-DLANES={level.lanes}"]
    return subprocess.Popen(  # noqa: S603 - the installer's own compiler
        [*command, *level.flags, *defines], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _command(recipe: Recipe, compiler: str, source: Path, target: Path) -> list[str]:
    included = [f"-I{_HERE / folder}" for folder in recipe.folders[1:]]
    flags = (*_FLAGS, *recipe.flags, *included)
    return [*shlex.split(compiler), *flags, "-c", str(source), "-o", str(target)]


def _put(library: Path, target: Path) -> None:
    """The file at its place in one step: whoever has the old one loaded keeps it."""
    beside = target.with_name(f"{os.getpid()}-{target.name}")
    try:
        shutil.copyfile(library, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _run(command: Sequence[str]) -> None:
    subprocess.run(  # noqa: S603 - the installer's own compiler
        command,
        check=True,
        timeout=TIMEOUT_SECONDS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def compilers() -> Iterator[str]:
    """The command that CC names, or the usual ones."""
    named = os.environ.get("CC")
    yield from (named,) if named else ("cc", "gcc", "clang")
