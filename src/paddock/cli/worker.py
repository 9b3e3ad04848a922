"""``paddock worker``: background work in a process of its own, beside the servers of a hub."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.local_hub import data_option, require_hub
from paddock.config import load_settings
from paddock.errors import UsageError, shown


@click.command(help="Do the hub's background work in a process of its own.")
@data_option
@click.option("--kinds", help="Only jobs of these kinds, with commas between them.")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=3, show_default=True, help="Jobs at once."
)
def command(data: Path | None, kinds: str | None, threads: int) -> None:
    from paddock import log
    from paddock.hub.jobs.handlers import load_handlers
    from paddock.web.server import work

    settings = load_settings({"data": data})
    require_hub(settings)
    log.configure(settings.log_level, settings.log_format)
    wanted = None if kinds is None else [kind.strip() for kind in kinds.split(",")]
    known = load_handlers()
    for kind in wanted or ():
        if kind not in known:
            raise UsageError(
                f"no job is of kind {shown(kind)}", hint=f"kinds: {', '.join(sorted(known))}"
            )
    work(settings, kinds=wanted, threads=threads)
