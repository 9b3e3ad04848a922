"""``paddock keys export``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.keys.asking import config_home, json_option, told
from paddock.cli.output import emit


@click.command(help="Write a key as PEM, as it lies here (encrypted), or its public half.")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A new file.")
@click.option("--public", "is_public", is_flag=True, help="The public half alone.")
@json_option
def command(name: str, output: Path, is_public: bool, as_json: bool) -> None:
    from paddock.signing.errors import KeyExists
    from paddock.signing.key_ring import own_key
    from paddock.signing.keys import keys_folder, read_key_file, write_if_absent
    from paddock.signing.public_keys import public_pem

    key = own_key(keys_folder(config_home()), name)
    content = public_pem(key.public) if is_public else read_key_file(key.path)
    if not write_if_absent(output, content, 0o644 if is_public else 0o600):
        raise KeyExists(f"there is a file at {output} already", hint="name another")
    what = "the public half of" if is_public else "the private key"
    emit(told(key) | {"output": str(output)}, f"wrote {what} {name}: {output}", as_json=as_json)
