"""``paddock admin user``: users of a hub on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from paddock.cli.admin.names import delete, rename, repositories_option, similar_option
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
@click.option("--email", help="An e-mail address that you know to be theirs.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@similar_option
@json_option
def add_user(
    name: str,
    data: Path | None,
    admin: bool,
    full_name: str | None,
    email: str | None,
    password_stdin: bool,
    allow_similar: bool,
    as_json: bool,
) -> None:
    from paddock.hub.people.accounts import create_user
    from paddock.hub.people.proving import vouch_for_address

    password = _read_password() if password_stdin else None
    with open_hub_database(data).write() as conn:
        made = create_user(
            conn,
            name,
            full_name=full_name,
            is_admin=admin,
            password=password,
            allow_similar=allow_similar,
        )
        if email is not None:
            vouch_for_address(conn, made, email)
    result = {"name": made.name, "full_name": made.full_name, "is_admin": made.is_admin}
    emit(result, f"created user {made.name}", as_json=as_json)


@command.command("rename", help="Give a user another name; old addresses lead to the new ones.")
@click.argument("name")
@click.argument("new_name")
@data_option
@similar_option
@json_option
def rename_user(
    name: str, new_name: str, data: Path | None, allow_similar: bool, as_json: bool
) -> None:
    rename("user", name, new_name, data, allow_similar=allow_similar, as_json=as_json)


@command.command("delete", help="Delete a user; nobody may take the name afterwards.")
@click.argument("name")
@data_option
@repositories_option
@json_option
def delete_user(name: str, data: Path | None, with_repositories: bool, as_json: bool) -> None:
    delete("user", name, data, with_repositories=with_repositories, as_json=as_json)


@command.command("password", help="Set a user's password from standard input; sign them out.")
@click.argument("name")
@data_option
@json_option
def set_users_password(name: str, data: Path | None, as_json: bool) -> None:
    from paddock.hub.people.accounts import get_account
    from paddock.hub.sessions.sessions import set_password

    password = _read_password()
    with open_hub_database(data).write() as conn:
        user = get_account(conn, name, kind="user")
        set_password(conn, user, password)
    emit({"name": user.name}, f"changed the password of {user.name}", as_json=as_json)


def _read_password() -> str:
    line = sys.stdin.readline(_MAX_STDIN_CHARS)
    password = line.rstrip("\r\n")
    if not password:
        raise BadInput("standard input held no password", hint="pipe one line into the command")
    return password
