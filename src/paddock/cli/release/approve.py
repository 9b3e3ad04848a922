"""``paddock release approve``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from paddock.cli.output import emit
from paddock.cli.release.candidates import candidate_options, find_candidate
from paddock.config import load_settings
from paddock.errors import UsageError


@click.command(help="Sign that a candidate may leave, or that a condition is waived.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "person", required=True, metavar="PERSON", help="One of gate.people.")
@click.option("--role", help="Approve as this.")
@click.option("--waive", metavar="CHECK", help="Sign your waiver of this condition instead.")
@click.option("--key", required=True, help="Your private key: a file, a name or a URI.")
@click.option("--note", metavar="TEXT", help="Words that go with it.")
@candidate_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(file: Path, as_json: bool, **given: Any) -> None:
    from paddock.clock import now
    from paddock.release.gate.approving import Saying, sign_statement
    from paddock.release.gate.content_root import folder_root
    from paddock.release.gate.release_file import open_release_file
    from paddock.signing.keys import keys_folder

    if (given["role"] is None) == (given["waive"] is None):
        raise UsageError("give either --role or --waive")
    opened = open_release_file(file)
    candidate = find_candidate(opened, given["candidate"], given["output"])
    root = folder_root(candidate)
    saying = Saying(
        spec=opened.spec,
        base=opened.base,
        person=given["person"],
        kind="approval" if given["role"] else "waiver",
        subject=given["role"] or given["waive"],
        note=given["note"],
    )
    own = keys_folder(load_settings({}).config_home)
    path = sign_statement(saying, root, given["key"], own, now())
    what = f"approves as {given['role']}" if given["role"] else f"waives {given['waive']}"
    text = f"{given['person']} {what}: {path}\ncontent root {root} of {candidate}"
    emit({"statement": str(path), "root": root, "candidate": str(candidate)}, text, as_json=as_json)
