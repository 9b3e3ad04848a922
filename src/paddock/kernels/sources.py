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

    number: int  # the x86-64 psABI's as far as those go
    name: str
    flags: tuple[str, ...]
    lanes: int
    needs: tuple[str, ...]  # features, as GCC names them

    @property
    def condition(self) -> str:
        """In C: whether the processor has it."""
        return "&&".join(f'__builtin_cpu_supports("{feature}")' for feature in self.needs) or "1"


BASELINE: Final = Level(0, "baseline", (), 4, ())
_AVX2: Final = Level(3, "avx2", ("-march=x86-64-v3",), 8, ("avx2", "bmi", "bmi2", "fma"))
_AVX512: Final = Level(
    4,
    "avx512",
    ("-march=x86-64-v4", "-mprefer-vector-width=512"),
    16,
    (*_AVX2.needs, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
)
# With instructions that multiply int8, and bfloat16 too.
_VNNI: Final = Level(
    5, "vnni", (*_AVX512.flags, "-mavx512vnni"), 16, (*_AVX512.needs, "avx512vnni")
)
_BF16: Final = Level(6, "bf16", (*_VNNI.flags, "-mavx512bf16"), 16, (*_VNNI.needs, "avx512bf16"))


class Recipe(NamedTuple):
    """How one library is made."""

    library: str  # the file's name, beside this one
    compiled: tuple[str, ...]  # folders of sources
    included: tuple[str, ...]  # folders of headers besides
    flags: tuple[str, ...]
    levels: tuple[Level, ...]  # beside the baseline, on x86-64, lowest first
    does_without: str  # who does its work where it is not there


CODECS: Final = Recipe(
    "libpaddock.so",
    ("source", "levels"),
    (),
    # Nothing here changes a result: sums keep their order, each operation rounds by itself.
    ("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"),
    (_AVX2, _AVX512),
    "NumPy",
)
STEP: Final = Recipe(
    "libpaddock_step.so",
    ("step", "levels"),
    ("source",),
    ("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-pthread"),
    (_AVX2, _VNNI, _BF16),
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
    folders = [_HERE / folder for folder in (*recipe.compiled, *recipe.included)]
    sources = [path for folder in folders for path in sorted(folder.iterdir())]
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
    found = [path for folder in recipe.compiled for path in sorted((_HERE / folder).glob("*.c"))]
    return [path for path in found if path.name.startswith("level") == at_levels]


def _compile_levels(
    recipe: Recipe, compiler: str, folder: Path
) -> tuple[list[Path], tuple[str, ...]]:
    """The objects of each level that this compiler knows, and what the others are told of them."""
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    sources = _sources(recipe, at_levels=True)
    running = [
        (level, _start(recipe, compiler, source, level, folder))
        for level in (BASELINE, *(recipe.levels if is_x86 else ()))
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
    each = "".join(f"EACH(what,{n.number},{n.name},{n.condition})" for n in done)
    objects = [folder / f"{source.stem}-{level.name}.o" for level in done for source in sources]
    return objects, (f"-DEVERY_LEVEL(EACH,what)={each}",)


def _start(
    recipe: Recipe, compiler: str, source: Path, level: Level, folder: Path
) -> subprocess.Popen[bytes]:
    command = _command(recipe, compiler, source, folder / f"{source.stem}-{level.name}.o")
    defines = [f"-DLEVEL={level.name}", f"-DLANES={level.lanes}"]
    return subprocess.Popen(  # noqa: S603 - the installer's own compiler
        [*command, *level.flags, *defines], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _command(recipe: Recipe, compiler: str, source: Path, target: Path) -> list[str]:
    included = [f"-I{_HERE / folder}" for folder in (*recipe.compiled, *recipe.included)]
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
