"""``paddock scan``: what in a file, folder, archive or repository could hurt whoever loads it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.output import emit

if TYPE_CHECKING:
    from paddock.checkpoint.scan.report import Report

EXIT_CODES = {"clean": 0, "quarantine": 3, "reject": 4}


@click.command(help="Look for what could hurt whoever loads a file, folder or archive.")
@click.argument("target", metavar="PATH")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(target: str, as_json: bool) -> None:
    from paddock.checkpoint.scan.isolation import scan

    report = scan(Path(target))
    emit(report.to_dict(), _render(report), as_json=as_json)
    sys.exit(EXIT_CODES[report.verdict])


def _render(report: Report) -> str:
    lines = [str(report.verdict)]
    for reason in sorted(report.reasons, key=lambda reason: reason.level.rank):
        lines.append(f"{reason.level}  {reason.code}  {reason.place}: {reason.message}")
        lines.append(f"    {reason.advice}")
    return "\n".join(lines)
