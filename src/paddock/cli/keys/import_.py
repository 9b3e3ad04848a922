"""``paddock keys import``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.keys.asking import config_home, json_option, known_password, stdin_option, told
from paddock.cli.output import emit


@click.command(help="Take a private key from a PEM file; it keeps its password.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", required=True, help="What the key is to be called here.")
@stdin_option
@json_option
def command(file: Path, name: str, password_stdin: bool, as_json: bool) -> None:
    from paddock.signing.key_ring import import_key
    from paddock.signing.keys import keys_folder, read_key_file

    raw = read_key_file(file)
    password = known_password(from_stdin=password_stdin)
    own = password if b"ENCRYPTED" in raw else None
    key = import_key(keys_folder(config_home()), name, raw, (own, password))
    text = f"imported {key.kind} key {name}: {key.path}\nfingerprint {key.fingerprint}"
    emit(told(key), text, as_json=as_json)
