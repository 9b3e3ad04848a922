"""``paddock import``: a bundle of repositories into the hub on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit, progress_note

if TYPE_CHECKING:
    from paddock.hub.bundles.importing import Imported


@click.command(help="Import the repositories of a file that paddock export wrote.")
@click.argument(
    "bundle", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="PEM file of the public keys to trust, instead of your own trust folder.",
)
@click.option("--into", metavar="NAMESPACE", help="Put every repository under this namespace.")
@click.option("--force", is_flag=True, help="Also where history went another way here.")
@data_option
@json_option
def command(
    bundle: Path,
    trust: Path | None,
    into: str | None,
    force: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    from paddock.hub.bundles.importing import Wanted, import_bundle
    from paddock.signing.keys import load_trust

    hub, settings = open_local_hub(data)
    keys = load_trust(trust, settings.config_home)
    done = import_bundle(hub, bundle, keys, Wanted(into, force), progress_note)
    emit({"repositories": [_as_json(item) for item in done]}, _as_text(done), as_json=as_json)


def _as_json(item: Imported) -> dict[str, object]:
    return {
        "kind": item.name.kind,
        "name": item.name.full,
        "new": item.is_new,
        "moved_refs": item.moved_refs,
    }


def _as_text(done: list[Imported]) -> str:
    lines = []
    for item in done:
        what = "new" if item.is_new else "updated" if item.moved_refs else "already up to date"
        lines.append(f"{item.name.kind} {item.name.full}: {what}")
    return "\n".join(lines)
