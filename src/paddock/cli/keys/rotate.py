"""``paddock keys rotate``."""

from __future__ import annotations

import click

from paddock.cli.keys.asking import config_home, json_option, old_password, stdin_option, told
from paddock.cli.output import emit


@click.command(help="Make a new key in an old one's place; both sign that the one follows.")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["p256", "p384", "p521", "ed25519", "ml-dsa-65"]),
    help="The new key's; else that of the old one.",
)
@stdin_option
@json_option
def command(name: str, kind: str | None, password_stdin: bool, as_json: bool) -> None:
    from paddock import clock
    from paddock.signing.key_ring import own_key, rotate_key
    from paddock.signing.keys import keys_folder
    from paddock.signing.public_keys import KINDS

    folder = keys_folder(config_home())
    old = own_key(folder, name)
    wanted = next(known for known in KINDS if known == (kind or old.kind))
    password = old_password(from_stdin=password_stdin, is_needed=old.is_encrypted)
    password = password if old.is_encrypted else None
    new, archived, succession = rotate_key(folder, name, wanted, password, clock.now().date())
    lines = [
        f"{name} is a new {new.kind} key: {new.fingerprint}",
        f"the old one is kept in {archived}",
        f"hand out {succession}: whoever trusts the old key can follow it",
    ]
    result = told(new) | {
        "old": {"path": str(archived), "fingerprint": old.fingerprint},
        "succession": str(succession),
    }
    emit(result, "\n".join(lines), as_json=as_json)
