"""``paddock scan``: what in a file, folder, archive or repository could hurt whoever loads it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.output import emit, is_terminal

if TYPE_CHECKING:
    from paddock.checkpoint.scan.report import Report
    from paddock.config import Settings

EXIT_CODES = {"clean": 0, "quarantine": 3, "reject": 4}
_LINE_CHARS = 100


@click.command(
    help="Look for what could hurt whoever loads TARGET: a file, folder or archive, or a "
    "repository as namespace/name or namespace/name@revision. Nothing of it is executed. "
    "Exits with 0 when it is clean, 3 when a person should look first, 4 when it is rejected."
)
@click.argument("target")
@click.option(
    "--second-opinion",
    "opinions",
    metavar="NAMES",
    help="Other scanners to ask, by commas: picklescan, or picklescan=/its/path.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(target: str, opinions: str | None, as_json: bool) -> None:
    from paddock.checkpoint.scan.opinions.asking import parse_wishes
    from paddock.cli.model_folder import model_folder
    from paddock.config import load_settings

    settings = load_settings({"scan_second_opinions": opinions})
    # Before the work: a misspelt one is an error.
    wishes = parse_wishes(settings.scan_second_opinions)
    path = model_folder(target, settings, whole=True)
    report = _scanned(path, settings)
    if wishes:
        report = _with_opinions(report, path, settings)
    result = {"target": target, **report.to_dict()}
    emit(result, _render(report), as_json=as_json)
    sys.exit(EXIT_CODES[report.verdict])


def _scanned(path: Path, settings: Settings) -> Report:
    """The report; whatever goes wrong in here leaves a report that says so, never none."""
    from paddock.checkpoint.scan.isolation import scan
    from paddock.checkpoint.scan.limits import Limits
    from paddock.checkpoint.scan.report import Reason, Report

    try:
        return scan(path, Limits.of(settings), _show_progress if is_terminal() else None)
    except Exception as e:
        told = f"the scan ended early: {type(e).__name__}: {e}"
        return Report((), (Reason("unfinished", path.name, told),))
    finally:
        if is_terminal():
            _clear_line()


def _with_opinions(report: Report, path: Path, settings: Settings) -> Report:
    from paddock.checkpoint.scan.limits import Limits
    from paddock.checkpoint.scan.opinions.asking import parse_wishes, with_opinions
    from paddock.checkpoint.scan.walking import walk

    files = {entry.path: entry.file for entry in walk(path, Limits.of(settings)).entries}
    return with_opinions(report, files, parse_wishes(settings.scan_second_opinions))


def _show_progress(done: int, count: int, name: str) -> None:
    _clear_line()
    click.echo(f"{done + 1} of {count}: {_plain(name)}"[:_LINE_CHARS], err=True, nl=False)


def _clear_line() -> None:
    click.echo(f"\r{' ' * _LINE_CHARS}\r", err=True, nl=False)


def _render(report: Report) -> str:
    """The verdict in one line, then the reasons, the worst first."""
    size_bytes = sum(file.size_bytes for file in report.files)
    count = len(report.files)
    lines = [f"{report.verdict}  {count:,} file{'' if count == 1 else 's'}, {size_bytes:,} bytes"]
    for reason in sorted(report.reasons, key=lambda reason: reason.level.rank):
        place = f"{_plain(reason.place)}: " if reason.place else ""
        lines.append(f"{reason.level:10}  {reason.code}  {place}{_plain(reason.message)}")
        lines.append(f"{'':10}  {reason.advice}")
    for opinion in report.opinions:
        said = f"{opinion.scanner} {opinion.version} says {opinion.said}"
        lines.append(f"{'opinion':10}  {_plain(opinion.place)}: {_plain(said)}")
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text of strangers as it may stand on a terminal: nothing that moves, colours or hides."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
