"""``paddock release schema``."""

from __future__ import annotations

import click


@click.command(help="Print the JSON schema of release.yaml, for editors and other programs.")
def command() -> None:
    from paddock.release.spec.schema import render_schema

    click.echo(render_schema(), nl=False)
