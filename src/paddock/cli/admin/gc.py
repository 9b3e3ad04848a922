"""``paddock admin gc``: remove what nothing refers to any more, now instead of at night."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit


@click.command(help="Sweep: remove what nothing refers to any more. The server does it every day.")
@data_option
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed now.")
@click.option(
    "--grace-hours",
    type=click.FloatRange(min=0),
    help="Keep what was found unused less than so long ago, instead of 1 to 28 days by kind. "
    "With 0, make sure that nothing is being uploaded.",
)
@click.option(
    "--left-commits-days",
    type=click.FloatRange(min=0),
    help="Also remove commits that no branch or tag has led to for so long. Downloads that are "
    "pinned to one of them end with it.",
)
@json_option
def command(
    data: Path | None,
    dry_run: bool,
    grace_hours: float | None,
    left_commits_days: float | None,
    as_json: bool,
) -> None:
    from paddock.hub.garbage.collecting import collect
    from paddock.hub.garbage.graces import FOREVER, Graces

    hub, _ = open_local_hub(data)
    graces = Graces() if grace_hours is None else Graces.all(timedelta(hours=grace_hours))
    left = FOREVER if left_commits_days is None else timedelta(days=left_commits_days)
    graces = replace(graces, unreachable=left)
    done = collect(hub.database, hub.blobs, graces, dry_run=dry_run)
    verb = "would remove" if dry_run else "removed"
    text = (
        f"{verb} {done.blobs} blobs ({done.bytes} bytes), {done.git_objects} git objects, "
        f"{done.large_files} large files of repositories, {done.xorbs} xorbs\n"
        f"unused and kept for now: {done.waiting_blobs} blobs ({done.waiting_bytes} bytes), "
        f"{done.waiting_git_objects} git objects, {done.waiting_xorbs} xorbs"
    )
    emit({"dry_run": dry_run, **done.as_dict()}, text, as_json=as_json)
