"""``paddock admin backup`` and ``restore``: a hub as a folder, and back."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit

_folder_argument = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.command(help="Back the hub up into FOLDER, also while it serves. Keep the folder secret.")
@_folder_argument
@data_option
@json_option
def backup(folder: Path, data: Path | None, as_json: bool) -> None:
    from paddock.hub.backups.taking import Source, take_backup
    from paddock.storage.opening import embedded_database

    hub, settings = open_local_hub(data)
    file = None if settings.database_url else embedded_database(settings)
    has_bucket = settings.s3_bucket is not None
    taken = take_backup(Source(hub.database, hub.blobs, file, has_bucket), folder)
    told = {
        "name": taken.name,
        "blobs": taken.copied.blobs,
        "bytes": taken.copied.bytes,
        "new_blobs": taken.copied.new_blobs,
        "new_bytes": taken.copied.new_bytes,
        "missing_blobs": taken.copied.missing,
        "rows": sum(mark[0] for mark in taken.manifest.tables.values()),
    }
    text = (
        f"backup {taken.name}: {told['rows']} rows, {told['blobs']} blobs "
        f"({told['new_blobs']} new, {told['new_bytes']} bytes)"
    )
    if has_bucket:
        text += "\nThe blobs stay in the bucket: keep a copy of it, too."
    if taken.copied.missing:
        text += f"\n{taken.copied.missing} digests are named by rows and no blob is stored."
        text += " Ask paddock admin fsck whether something is missing."
    emit(told, text, as_json=as_json)


@click.command(help="Make the hub of a backup in FOLDER anew, in a data folder that is empty.")
@_folder_argument
@data_option
@click.option("--at", "name", help="Which backup, such as 20261123T221500Z (default: the latest).")
@json_option
def restore(folder: Path, data: Path | None, name: str | None, as_json: bool) -> None:
    from paddock.config import load_settings
    from paddock.hub.backups.restoring import Target, restore_backup
    from paddock.storage.opening import embedded_database, open_blobs

    settings = load_settings({"data": data})
    target = Target(
        settings.data,
        embedded_database(settings),
        settings.database_url,
        lambda: open_blobs(settings),
        settings.s3_bucket is not None,
    )
    done = restore_backup(folder, name, target)
    rows = sum(mark[0] for mark in done.manifest.tables.values())
    told = {"name": done.name, "rows": rows, "blobs": done.manifest.blob_count}
    count = done.manifest.blob_count
    text = f"restored {done.name}: {rows} rows and {count} blobs, all as they were"
    emit(told, text, as_json=as_json)
