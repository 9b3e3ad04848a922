"""``paddock release sign``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.output import emit
from paddock.config import load_settings
from paddock.errors import UsageError


@click.command(help="Add your signature to a built release, which is checked first.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--key", multiple=True, help="Your key, one of sign.dsse: a file, a name or a URI.")
@click.option(
    "--add",
    "others",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A release.dsse.json that somebody signed in a copy of the folder.",
)
@click.option(
    "--tuf",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Name the release in this update metadata, and put it beside the release.",
)
@click.option(
    "--tuf-keys",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of the metadata's keys; else your own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    folder: Path,
    key: tuple[str, ...],
    others: tuple[Path, ...],
    tuf: Path | None,
    tuf_keys: Path | None,
    as_json: bool,
) -> None:
    from paddock.cli.keys.repository import repository_at
    from paddock.clock import now
    from paddock.release.countersigning import countersign
    from paddock.signing.keys import keys_folder
    from paddock.signing.signers import load_signer

    if not (key or others or tuf):
        raise UsageError("nothing to add", hint="give --key KEY, --add FILE or --tuf FOLDER")
    own = keys_folder(load_settings({}).config_home)
    signers = [load_signer(named, Path(), own) for named in key]
    updates = repository_at(tuf, tuf_keys) if tuf is not None else None
    done = countersign(folder, signers, others, updates, now())
    emit(done.to_json(), done.to_text(), as_json=as_json)
