"""``paddock release reveal``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from paddock.cli.output import emit


@click.command(help="Write a proof of what one withheld item of FILE is: its salt and manifest.")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--item", help="Which item, as withheld.json names it; the only one, if there is one."
)
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="The checkpoint's folder, instead of artifacts.source.path.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The proof's file."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    target: Path, item: str | None, source: Path | None, output: Path, as_json: bool
) -> None:
    from paddock.checkpoint.errors import OutputExists
    from paddock.config import load_settings
    from paddock.release.planning.prepare import Wanted, prepare
    from paddock.release.withholding.proofs import render_proof
    from paddock.release.withholding.revealing import reveal
    from paddock.release.withholding.secret import load_secret, secret_path

    prepared = prepare(Wanted(target, source=source))
    plan = prepared.plan
    secret = load_secret(secret_path(plan.spec, prepared.base, load_settings({}).config_home))
    proof = reveal(Path(plan.source), plan.spec, secret, item, prepared.base)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as e:
        raise OutputExists(f"{output} exists", hint="name a new file") from e
    with os.fdopen(descriptor, "wb") as file:
        file.write(render_proof(proof))
    parts = len(proof.manifest["parts"])
    text = (
        f"the proof of {proof.item} ({parts} parts) is in {output}\ncommitment {proof.commitment}"
    )
    shown = {"proof": str(output), "item": proof.item, "commitment": proof.commitment}
    emit(shown | {"parts": parts}, text, as_json=as_json)
