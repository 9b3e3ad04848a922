"""``paddock keys show``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.keys.asking import config_home, json_option
from paddock.cli.output import emit


@click.command(help="The public half of a key, by name or from a PEM file, and its fingerprint.")
@click.argument("key", metavar="NAME|FILE")
@json_option
def command(key: str, as_json: bool) -> None:
    from paddock.signing.key_ring import own_key
    from paddock.signing.keys import keys_folder, public_keys_in, read_key_file
    from paddock.signing.public_keys import key_fingerprint, kind_of, public_pem

    path = Path(key)
    if path.is_file():
        publics = [each.public for each in public_keys_in(read_key_file(path), key)]
    else:
        publics = [own_key(keys_folder(config_home()), key).public]
    found = [
        {
            "kind": kind_of(public),
            "fingerprint": key_fingerprint(public),
            "public": public_pem(public).decode(),
        }
        for public in publics
    ]
    lines = [f"{each['kind']}  {each['fingerprint']}\n{each['public']}" for each in found]
    emit({"keys": found}, "\n".join(lines).rstrip(), as_json=as_json)
