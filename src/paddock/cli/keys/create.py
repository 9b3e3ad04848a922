"""``paddock keys create``."""

from __future__ import annotations

import click

from paddock.cli.keys.asking import config_home, json_option, new_password, stdin_option, told
from paddock.cli.output import emit


@click.command(help="Make a signing key, encrypted with a password.")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["p256", "p384", "p521", "ed25519", "ml-dsa-65"]),
    default="p256",
    show_default=True,
    help="OMS signs with p256, p384 and p521.",
)
@stdin_option
@click.option("--no-password", is_flag=True, help="Leave the key unencrypted.")
@json_option
def command(name: str, kind: str, password_stdin: bool, no_password: bool, as_json: bool) -> None:
    from paddock.signing.key_ring import key_path, own_key
    from paddock.signing.keys import create_key, keys_folder
    from paddock.signing.public_keys import KINDS

    folder = keys_folder(config_home())
    path = key_path(folder, name)
    password = new_password(from_stdin=password_stdin, without=no_password)
    create_key(path, next(known for known in KINDS if known == kind), password)
    key = own_key(folder, name)
    text = f"created {key.kind} key {name}: {key.path}\nfingerprint {key.fingerprint}"
    emit(told(key), text, as_json=as_json)
