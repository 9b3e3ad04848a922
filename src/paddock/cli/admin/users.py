"""``paddock admin user``: users of a hub on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit
from paddock.errors import BadInput

_MAX_STDIN_CHARS = 4096


@click.group(help="Users.")
def command() -> None:
    pass


@command.command("add", help="Create a user.")
@click.argument("name")
@data_option
@click.option("--admin", is_flag=True, help="May administer the whole hub, with an admin token.")
@click.option("--full-name", help="The name that people read.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@json_option
def add_user(
    name: str,
    data: Path | None,
    admin: bool,
    full_name: str | None,
    password_stdin: bool,
    as_json: bool,
) -> None:
    from paddock.hub.people.accounts import create_user

    password = _read_password() if password_stdin else None
    with open_hub_database(data).write() as conn:
        made = create_user(conn, name, full_name=full_name, is_admin=admin, password=password)
    result = {"name": made.name, "full_name": made.full_name, "is_admin": made.is_admin}
    emit(result, f"created user {made.name}", as_json=as_json)


def _read_password() -> str:
    line = sys.stdin.readline(_MAX_STDIN_CHARS)
    password = line.rstrip("\r\n")
    if not password:
        raise BadInput("standard input held no password", hint="pipe one line into the command")
    return password
