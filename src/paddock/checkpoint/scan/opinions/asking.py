"""The second opinions on a scan: which scanners were wished for, and what they say of each file.

The thin file that starts programs. Only files of the types that a scanner is made for are shown to
it; what it says is added to the report of our own scan, which stands without it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from paddock.checkpoint.scan.kinds import Kind
from paddock.checkpoint.scan.opinions.answers import Answer, Word, reason_of
from paddock.checkpoint.scan.opinions.running import RunLimits, run_limited
from paddock.checkpoint.scan.opinions.scanners import SCANNERS, read_report
from paddock.checkpoint.scan.report import Opinion, Report
from paddock.errors import BadInput

MAX_FILES = 1_000  # that one scanner is asked about
_VERSION = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


class Wished(NamedTuple):
    """A scanner that was wished for, and its program."""

    name: str  # a key of SCANNERS
    program: str  # an absolute path


def parse_wishes(text: str) -> tuple[Wished, ...]:
    """``name`` or ``name=path``, by commas; raises BadInput for what is unknown or not there."""
    wishes = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, path = part.partition("=")
        if name not in SCANNERS:
            known = ", ".join(SCANNERS)
            raise BadInput(f"{name!r:.60} is no scanner that is known", hint=f"one of {known}")
        default = sys.executable if SCANNERS[name].is_python else name
        program = shutil.which(path or default)
        if program is None:
            raise BadInput(
                f"{path or name!r:.200} is not installed",
                hint=f"install it in an environment of its own and name it: {name}=/path/to/it",
            )
        wishes.append(Wished(name, str(Path(program).absolute())))
    return tuple(dict.fromkeys(wishes))


def with_opinions(
    report: Report,
    files: Mapping[str, Path],
    wishes: Sequence[Wished],
    limits: RunLimits | None = None,
) -> Report:
    """``report`` with what the scanners say of its files; ``files`` are its paths on disk."""
    limits = limits or RunLimits()
    opinions = [
        opinion
        for wished in wishes
        for opinion in _opinions_of(wished, version_of(wished, limits), report, files, limits)
    ]
    reasons = tuple(reason for each in opinions if (reason := reason_of(each)) is not None)
    return replace(
        report,
        across=(*report.across, *reasons),
        opinions=(*report.opinions, *opinions),
    )


def _opinions_of(
    wished: Wished, version: str, report: Report, files: Mapping[str, Path], limits: RunLimits
) -> Iterator[Opinion]:
    kinds = SCANNERS[wished.name].kinds
    places = [file.path for file in report.files if Kind(file.kind) in kinds]
    for place in places[:MAX_FILES]:
        gone = Answer(Word.UNFINISHED, "it is not there any more")
        answer = ask(wished, files[place], limits) if place in files else gone
        yield Opinion(wished.name, version, place, *answer)
    if len(places) > MAX_FILES:
        rest = f"it was asked about {MAX_FILES} of {len(places)} files"
        yield Opinion(wished.name, version, places[MAX_FILES], Word.UNFINISHED, rest)


def ask(wished: Wished, file: Path, limits: RunLimits) -> Answer:
    """What one scanner says of one file."""
    scanner = SCANNERS[wished.name]
    with tempfile.TemporaryDirectory(prefix="paddock-opinion-") as folder:
        command = scanner.command(wished.program, str(file.absolute()))
        ran = run_limited(command, Path(folder), limits)
        return scanner.answer(ran, read_report(Path(folder)))


def version_of(wished: Wished, limits: RunLimits) -> str:
    """What the package calls itself, asked in the Python that its program runs in."""
    python = wished.program
    if not SCANNERS[wished.name].is_python:
        with Path(wished.program).open("rb") as file:
            first = file.readline(4096).decode("utf-8", "replace").strip()
        python = first.removeprefix("#!").split(" ")[0] if first.startswith("#!/") else ""
    if not python or not Path(python).is_file():
        return "of unknown version"
    with tempfile.TemporaryDirectory(prefix="paddock-opinion-") as folder:
        command = [python, "-I", "-c", _VERSION, SCANNERS[wished.name].package]
        ran = run_limited(command, Path(folder), limits)
    said = ran.output.strip()
    return said if ran.code == 0 and 0 < len(said) < 40 else "of unknown version"
