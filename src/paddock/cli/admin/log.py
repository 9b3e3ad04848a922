"""``paddock admin log``: the audit log of a hub on this machine, written out and verified."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit
from paddock.errors import BadInput, UsageError, shown

if TYPE_CHECKING:
    from paddock.hub.audit_log.checkpoints import Signed
    from paddock.hub.audit_log.judging import Judgement


@click.group(help="The audit log: who did what.")
def command() -> None:
    pass


@command.command("export", help="Write the log as lines of JSON, with its signed checkpoints.")
@data_option
@click.option("--since", help="Only from this day on, such as 2026-11-01.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file.")
def export(data: Path | None, since: str | None, output: Path | None) -> None:
    from paddock.hub.audit_log import exporting

    lines = exporting.export(open_hub_database(data), _moment(since))
    if output is None:
        for line in lines:
            sys.stdout.buffer.write(line)
        return
    with output.open("xb") as file:
        file.writelines(lines)


@command.command("verify", help="Verify an exported FILE, or the log of the hub itself.")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@data_option
@click.option("--key", help="The key of the checkpoints, as the hub told it before.")
@click.option(
    "--kept",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An earlier export, whose checkpoints must still hold.",
)
@json_option
def verify(
    file: Path | None, data: Path | None, key: str | None, kept: Path | None, as_json: bool
) -> int:
    from paddock.hub.audit_log import exporting, verifying

    if file is not None and data is not None:
        raise UsageError("name a file or a hub, not both", hint="leave --data out")
    earlier: list[Signed] = exporting.read_checkpoints(_there(kept)) if kept else []
    if file is not None:
        found = verifying.verify_file(_there(file), key, earlier)
    else:
        found = verifying.verify_database(open_hub_database(data), earlier)
    told = {
        "whole": found.is_whole,
        "entries": found.entries,
        "first": found.first_seq,
        "last": found.last_seq,
        "hash": found.last_hash,
        "erased_fields": found.erased_fields,
        "checkpoints": found.checkpoints,
        "problems": [problem._asdict() for problem in found.problems],
    }
    emit(told, _text(found), as_json=as_json)
    return 0 if found.is_whole else 1


def _text(found: Judgement) -> str:
    lines = [f"entry {problem.seq} {problem.sentence}" for problem in found.problems]
    if found.is_whole:
        lines.append(
            f"whole: {found.entries} entries ({found.first_seq} to {found.last_seq}), "
            f"{found.checkpoints} checkpoints, {found.erased_fields} fields erased by the rules"
        )
    else:
        lines.append(f"NOT whole: {len(found.problems)} problems in {found.entries} entries")
    return "\n".join(lines)


def _there(path: Path) -> Path:
    if not path.is_file():
        raise BadInput(f"there is no file {str(path)!r}", hint="paddock admin log export makes one")
    return path


def _moment(day: str | None) -> datetime | None:
    if day is None:
        return None
    try:
        moment = datetime.fromisoformat(day)
    except ValueError as e:
        raise BadInput(f"{shown(day)} is not a day", hint="write it as 2026-11-01") from e
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
