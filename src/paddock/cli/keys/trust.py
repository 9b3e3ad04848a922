"""``paddock keys trust``: the keys and roots of update metadata that you trust."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.keys.asking import config_home, json_option
from paddock.cli.output import emit


@click.group(help="The keys and roots that you trust.")
def command() -> None:
    pass


@command.command(
    "add", help="Trust public keys (PEM), a root of update metadata, or the successor of a key."
)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def add(file: Path, as_json: bool) -> None:
    from paddock.release.verifying.trust_folder import trust_this

    added = trust_this(config_home(), file)
    text = "\n".join(f"trusted {each.what}: {each.fingerprint}" for each in added)
    emit({"trusted": [each.to_json() for each in added]}, text, as_json=as_json)


@command.command("remove", help="Trust a key (a fingerprint or its beginning) or file no longer.")
@click.argument("which", metavar="FINGERPRINT|FILE")
@json_option
def remove(which: str, as_json: bool) -> None:
    from paddock.signing.key_ring import distrust

    removed = distrust(config_home(), which)
    text = "\n".join(f"trusted no longer: {path.name}" for path in removed)
    emit({"removed": [str(path) for path in removed]}, text, as_json=as_json)


@command.command("list", help="What you trust.")
@json_option
def show(as_json: bool) -> None:
    from paddock.release.verifying.trust_folder import trusted_here

    found = trusted_here(config_home())
    lines = [f"{each.fingerprint}  {each.what}  {each.path}" for each in found]
    result = {"trusted": [each.to_json() for each in found]}
    emit(result, "\n".join(lines) or "you trust nothing yet", as_json=as_json)
