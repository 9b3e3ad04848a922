"""``paddock admin``: users, organisations and tokens of a hub on this machine.

Works on the hub's database, whether or not a server runs on it. Whoever can read the data folder
needs no password here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit
from paddock.errors import BadInput, Conflict, NotFound

if TYPE_CHECKING:
    from paddock.storage.database import Database

_MAX_STDIN_CHARS = 4096


class AlreadyInitialised(Conflict):
    """The hub has an administrator, whose token cannot be shown again."""

    code = "already_initialised"


class NoHub(NotFound):
    """The data folder holds no hub."""

    code = "no_hub"


def _data_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        help="The hub's folder (default: the setting `data`).",
    )(function)


_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(help="Users, organisations and tokens of a hub on this machine.")
def command() -> None:
    pass


@command.command(help="Create the hub with its first administrator, and print the token once.")
@_data_option
@click.option("--name", help="The administrator's name (default: admin).")
@_json_option
def init(data: Path | None, name: str | None, as_json: bool) -> None:
    from paddock.hub.people.first_admin import DEFAULT_NAME, initialise

    first = initialise(_open(data, create=True), name or DEFAULT_NAME)
    if first is None:
        raise AlreadyInitialised(
            "this hub is initialised already, and its first token cannot be shown again",
            hint="make another with `paddock admin token add NAME --role admin`",
        )
    text = f"admin: {first.name}\ntoken: {first.token}"
    emit({"name": first.name, "token": first.token}, text, as_json=as_json)


@command.group(help="Users.")
def user() -> None:
    pass


@user.command("add", help="Create a user.")
@click.argument("name")
@_data_option
@click.option("--admin", is_flag=True, help="May administer the whole hub, with an admin token.")
@click.option("--full-name", help="The name that people read.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@_json_option
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
    with _open(data).write() as conn:
        made = create_user(conn, name, full_name=full_name, is_admin=admin, password=password)
    result = {"name": made.name, "full_name": made.full_name, "is_admin": made.is_admin}
    emit(result, f"created user {made.name}", as_json=as_json)


@command.group(help="Organisations.")
def org() -> None:
    pass


@org.command("add", help="Create an organisation, owned by a user.")
@click.argument("name")
@_data_option
@click.option("--owner", required=True, help="The user who becomes its first admin.")
@click.option("--full-name", help="The name that people read.")
@click.option("--private-by-default", is_flag=True, help="New repositories start private.")
@_json_option
def add_org(
    name: str,
    data: Path | None,
    owner: str,
    full_name: str | None,
    private_by_default: bool,
    as_json: bool,
) -> None:
    from paddock.hub.people.accounts import create_org, get_account

    with _open(data).write() as conn:
        account = get_account(conn, owner, kind="user")
        made = create_org(
            conn, name, owner=account, full_name=full_name, private_by_default=private_by_default
        )
    result = {"name": made.name, "full_name": made.full_name, "owner": account.name}
    emit(result, f"created organisation {made.name}, owned by {account.name}", as_json=as_json)


@command.group(help="Access tokens.")
def token() -> None:
    pass


@token.command("add", help="Create an access token of a user and print it, alone, once.")
@click.argument("name")
@_data_option
@click.option(
    "--role",
    required=True,
    type=click.Choice(["read", "write", "admin"]),
    help="What it may do; admin counts only for administrators.",
)
@click.option("--label", default="made on the command line", help="How the token is listed.")
@_json_option
def add_token(name: str, data: Path | None, role: str, label: str, as_json: bool) -> None:
    from paddock.hub.people.accounts import get_account
    from paddock.hub.people.tokens import create_token

    with _open(data).write() as conn:
        account = get_account(conn, name, kind="user")
        secret = create_token(conn, account, label, role)
    emit({"user": account.name, "role": role, "token": secret}, secret, as_json=as_json)


def _open(data: Path | None, *, create: bool = False) -> Database:
    from paddock.config import load_settings
    from paddock.storage.opening import embedded_database, open_database

    settings = load_settings({"data": data})
    if not create and not settings.database_url and not embedded_database(settings).exists():
        raise NoHub(
            f"there is no hub in {str(settings.data)!r}",
            hint="name its folder with --data, or create one with `paddock admin init`",
        )
    return open_database(settings)


def _read_password() -> str:
    line = sys.stdin.readline(_MAX_STDIN_CHARS)
    password = line.rstrip("\r\n")
    if not password:
        raise BadInput("standard input held no password", hint="pipe one line into the command")
    return password
