"""``paddock up``: run the hub; the first time, make its first account and release the starter."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.output import progress_note
from paddock.config import load_settings


@click.command(help="Run the hub.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the database and blobs.")
@click.option("--host", help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to listen on; 0 picks a free one."
)
@click.option("--no-starter", is_flag=True, help="Do not release the bundled starter model.")
def command(data: Path | None, host: str | None, port: int | None, no_starter: bool) -> None:
    from paddock import log
    from paddock.web.up import run

    settings = load_settings({"data": data, "host": host, "port": port})
    log.configure(settings.log_level, settings.log_format)
    run(settings, with_starter=not no_starter, tell=click.echo, progress=progress_note)
