"""``paddock admin token``: access tokens of a hub on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit


@click.group(help="Access tokens.")
def command() -> None:
    pass


@command.command("add", help="Create an access token of a user and print it, alone, once.")
@click.argument("name")
@data_option
@click.option(
    "--role",
    required=True,
    type=click.Choice(["read", "write", "admin"]),
    help="What it may do; admin counts only for administrators.",
)
@click.option("--label", default="made on the command line", help="How the token is listed.")
@json_option
def add_token(name: str, data: Path | None, role: str, label: str, as_json: bool) -> None:
    from paddock.hub.people.accounts import get_account
    from paddock.hub.people.tokens import create_token

    with open_hub_database(data).write() as conn:
        account = get_account(conn, name, kind="user")
        secret = create_token(conn, account, label, role)
    emit({"user": account.name, "role": role, "token": secret}, secret, as_json=as_json)
