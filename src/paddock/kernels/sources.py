"""What the library is compiled from, and how: commands, levels and a digest.

Imports nothing of paddock and nothing that must be installed first: the build hook loads this file
by itself. A library is good for exactly the sources, and the kind of processor, of its digest.
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

FOLDER: Final = Path(__file__).parent / "source"
LIBRARY: Final = Path(__file__).with_name("libpaddock.so")
TIMEOUT_SECONDS: Final = 300
# Nothing here changes a result: sums keep their order, products and sums are rounded one by one.
_FLAGS: Final = (
    *("-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-Wno-psabi"),
    *("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"),
)


class Level(NamedTuple):
    """One compilation of all kernels: for which processors, and how wide their vectors are."""

    name: str
    flags: tuple[str, ...]
    lanes: int


BASELINE: Final = Level("paddock_baseline", (), 4)
# The x86-64 psABI's levels; the library chooses among them when it runs.
_X86_LEVELS: Final = (
    Level("paddock_v3", ("-march=x86-64-v3",), 8),
    Level("paddock_v4", ("-march=x86-64-v4", "-mprefer-vector-width=512"), 16),
)


class CannotCompile(Exception):
    """There is no compiler, it refused, or this is no machine that the kernels are written for."""


def digest() -> str:
    """Of the sources, the commands and the kind of processor."""
    hashed = hashlib.sha256(platform.machine().encode())
    for path in (*sorted(FOLDER.iterdir()), Path(__file__)):
        hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def compile_library(compiler: str, target: Path = LIBRARY) -> None:
    """Put the library at ``target``, whole or not at all; raises CannotCompile."""
    if sys.byteorder != "little" or sys.maxsize < 2**63 - 1:
        raise CannotCompile("the kernels are for little-endian processors of 64 bits")
    try:
        with tempfile.TemporaryDirectory(prefix="paddock-kernels-") as name:
            folder = Path(name)
            objects, defines = _compile_levels(compiler, folder)
            defines += (f'-DSOURCES="{digest()}"',)
            dispatch, library = folder / "dispatch.o", folder / "library.so"
            _run([*_command(compiler, "dispatch.c", dispatch), *defines])
            linked = ["-shared", "-o", library, dispatch, *objects]
            _run([*shlex.split(compiler), *map(str, linked)])
            _put(library, target)
    except (OSError, ValueError, subprocess.SubprocessError) as e:
        raise CannotCompile(str(e)) from e


def _compile_levels(compiler: str, folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The object of each level that this compiler knows, and what dispatch is told of them."""
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    levels = (BASELINE, *(_X86_LEVELS if is_x86 else ()))
    running = [(level, _start(compiler, level, folder)) for level in levels]
    try:
        done = [level for level, process in running if process.wait(TIMEOUT_SECONDS) == 0]
    finally:
        for _, process in running:
            process.kill()  # nothing where it has ended, as it has but for one that hangs
            process.wait()
    if BASELINE not in done:
        raise CannotCompile(f"{compiler} cannot compile the kernels")
    names = [level.name.removeprefix("paddock_").upper() for level in done if level != BASELINE]
    return [folder / f"{level.name}.o" for level in done], tuple(f"-DHAS_{name}" for name in names)


def _start(compiler: str, level: Level, folder: Path) -> subprocess.Popen[bytes]:
    command = _command(compiler, "level.c", folder / f"{level.name}.o")
    defines = [f"-DLEVEL={level.name}", f"-DLANES={level.lanes}"]
    return subprocess.Popen(  # noqa: S603 - the installer's own compiler
        [*command, *level.flags, *defines], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _command(compiler: str, source: str, target: Path) -> list[str]:
    return [*shlex.split(compiler), *_FLAGS, "-c", str(FOLDER / source), "-o", str(target)]


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
