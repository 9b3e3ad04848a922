"""``paddock admin org``: organisations of a hub on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit


@click.group(help="Organisations.")
def command() -> None:
    pass


@command.command("add", help="Create an organisation, owned by a user.")
@click.argument("name")
@data_option
@click.option("--owner", required=True, help="The user who becomes its first admin.")
@click.option("--full-name", help="The name that people read.")
@click.option("--private-by-default", is_flag=True, help="New repositories start private.")
@json_option
def add_org(
    name: str,
    data: Path | None,
    owner: str,
    full_name: str | None,
    private_by_default: bool,
    as_json: bool,
) -> None:
    from paddock.hub.people.accounts import create_org, get_account

    with open_hub_database(data).write() as conn:
        account = get_account(conn, owner, kind="user")
        made = create_org(
            conn, name, owner=account, full_name=full_name, private_by_default=private_by_default
        )
    result = {"name": made.name, "full_name": made.full_name, "owner": account.name}
    emit(result, f"created organisation {made.name}, owned by {account.name}", as_json=as_json)
