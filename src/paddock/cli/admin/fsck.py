"""``paddock admin fsck``: prove the store whole, and repair what a second copy can repair."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit, is_terminal, progress_note

if TYPE_CHECKING:
    from paddock.hub.fsck.findings import Findings
    from paddock.hub.fsck.progress import Place

NOT_WHOLE = 4
_SHOWN = 50


@click.command(help="Check that nothing that is stored is missing or damaged; exit 4 if it is.")
@data_option
@click.option("--deep", is_flag=True, help="Read and hash every byte, not only sizes and rows.")
@click.option(
    "--repair",
    is_flag=True,
    help="Repair what this store itself has twice: as a blob and as chunks, or in two xorbs.",
)
@click.option(
    "--repair-from",
    "copies",
    multiple=True,
    metavar="FOLDER|s3://BUCKET/PREFIX",
    help="Also from a second copy: another data folder, or a bucket. May be given several times.",
)
@click.option("--resume", is_flag=True, help="Go on where a check that was interrupted ended.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    data: Path | None,
    deep: bool,
    repair: bool,
    copies: tuple[str, ...],
    resume: bool,
    as_json: bool,
) -> None:
    from paddock.hub.fsck.checkers import Checking
    from paddock.hub.fsck.copies import open_copy
    from paddock.hub.fsck.findings import Findings
    from paddock.hub.fsck.progress import FILE, ProgressFile
    from paddock.hub.fsck.repairing import Repairs
    from paddock.hub.fsck.running import BEGINNING, check_store

    hub, settings = open_local_hub(data)
    others = [open_copy(text, settings) for text in copies]
    repairs = Repairs(hub.database, hub.blobs, others) if repair or others else None
    progress = ProgressFile(settings.data / FILE, deep)
    begin, findings = progress.load() if resume else (BEGINNING, Findings())
    checking = Checking(hub.database, hub.blobs, findings, deep, repairs)
    note = (lambda place: _note(place, findings)) if is_terminal() else None
    check_store(checking, progress, begin, note)
    emit(
        {"deep": deep, "whole": findings.is_whole, **findings.to_dict()},
        _text(findings),
        as_json=as_json,
    )
    if not findings.is_whole:
        context.exit(NOT_WHOLE)


def _note(place: Place, findings: Findings) -> None:
    checked = findings.checked
    progress_note(
        f"{place.stage}: {checked['blobs']} blobs, {checked['bytes']} bytes, "
        f"{checked['xorbs']} xorbs, {checked['xet_files']} Xet files; {findings.found} problems"
    )


def _text(findings: Findings) -> str:
    checked = findings.checked
    lines = [one.text for one in findings.told[:_SHOWN]]
    if findings.found > _SHOWN:
        lines.append(f"and {findings.found - _SHOWN} more problems: --json tells them")
    lines.append(
        f"checked {checked['blobs']} blobs ({checked['bytes']} bytes), {checked['xorbs']} xorbs, "
        f"{checked['xet_files']} Xet files, {checked['large_files']} large files, "
        f"{checked['repositories']} repositories"
    )
    if not findings.found:
        return "\n".join([*lines, "the store is whole"])
    left = findings.found - findings.repaired
    said = "the store is whole again" if not left else f"{left} remain"
    return "\n".join([*lines, f"{findings.found} problems, {findings.repaired} repaired: {said}"])
