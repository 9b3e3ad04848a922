"""How every verb of ``paddock keys`` learns a password, and where the user's folders are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from paddock.config import load_settings
from paddock.errors import UsageError

MAX_PASSWORD_CHARS = 4096

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the key's password from standard input."
)


def config_home() -> Path:
    """The folder of the user's keys and trust."""
    return load_settings({}).config_home


def new_password(*, from_stdin: bool, without: bool) -> str | None:
    """The password of a key that is made now: given, asked for, or refused with --no-password."""
    if without:
        return None
    password = known_password(from_stdin=from_stdin)
    if password is None and sys.stdin.isatty():
        text: str = click.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
        password = text
    if not password:
        raise UsageError(
            "a key is encrypted with a password, and none was given",
            hint="set PADDOCK_KEY_PASSWORD, or add --password-stdin or --no-password",
        )
    return password


def old_password(*, from_stdin: bool, is_needed: bool) -> str | None:
    """The password of a key that there is already."""
    password = known_password(from_stdin=from_stdin)
    if password is None and is_needed and sys.stdin.isatty():
        text: str = click.prompt("password", hide_input=True, err=True)
        password = text
    return password


def known_password(*, from_stdin: bool) -> str | None:
    """The password from standard input, else from the environment."""
    from paddock.signing.keys import password_in

    if not from_stdin:
        return password_in()
    password = sys.stdin.readline(MAX_PASSWORD_CHARS + 2).rstrip("\r\n")
    if not 0 < len(password) <= MAX_PASSWORD_CHARS:
        raise UsageError(
            f"standard input holds no password of 1 to {MAX_PASSWORD_CHARS} characters"
        )
    return password


def told(key: Any) -> dict[str, Any]:
    """A key of the ring for programs."""
    return {
        "name": key.name,
        "kind": key.kind,
        "fingerprint": key.fingerprint,
        "encrypted": key.is_encrypted,
        "path": str(key.path),
    }
