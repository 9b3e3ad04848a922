"""``paddock release init``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.output import emit


@click.command(
    help="Write a release.yaml for a checkpoint, with what was found and what may be said."
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write.")
@click.option("--name", help="The model's name, instead of the folder's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, output: Path | None, name: str | None, as_json: bool) -> None:
    from paddock.release.planning.initialise import initialise

    written, schema = initialise(path, output, name)
    text = f"wrote {written}\nnext: fill it in, then paddock release plan {written}"
    emit({"release_file": str(written), "schema": str(schema)}, text, as_json=as_json)
