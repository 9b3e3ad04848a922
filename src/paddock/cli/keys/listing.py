"""``paddock keys list``."""

from __future__ import annotations

import click

from paddock.cli.keys.asking import config_home, json_option, told
from paddock.cli.output import emit


@click.command(help="Your keys: name, kind, fingerprint.")
@json_option
def command(as_json: bool) -> None:
    from paddock.signing.key_ring import own_keys
    from paddock.signing.keys import keys_folder

    keys = own_keys(keys_folder(config_home()))
    lines = [
        f"{key.name}  {key.kind}  {key.fingerprint}{'' if key.is_encrypted else '  (no password)'}"
        for key in keys
    ]
    emit({"keys": [told(key) for key in keys]}, "\n".join(lines) or "no keys", as_json=as_json)
