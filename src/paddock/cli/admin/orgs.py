"""``paddock admin org``: organisations of a hub on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.admin.names import delete, rename, repositories_option, similar_option
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
@similar_option
@json_option
def add_org(
    name: str,
    data: Path | None,
    owner: str,
    full_name: str | None,
    private_by_default: bool,
    allow_similar: bool,
    as_json: bool,
) -> None:
    from paddock.hub.people.accounts import create_org, get_account

    with open_hub_database(data).write() as conn:
        account = get_account(conn, owner, kind="user")
        made = create_org(
            conn,
            name,
            owner=account,
            full_name=full_name,
            private_by_default=private_by_default,
            allow_similar=allow_similar,
        )
    result = {"name": made.name, "full_name": made.full_name, "owner": account.name}
    emit(result, f"created organisation {made.name}, owned by {account.name}", as_json=as_json)


@command.command("rename", help="Give it another name; old addresses lead to the new ones.")
@click.argument("name")
@click.argument("new_name")
@data_option
@similar_option
@json_option
def rename_org(
    name: str, new_name: str, data: Path | None, allow_similar: bool, as_json: bool
) -> None:
    rename("org", name, new_name, data, allow_similar=allow_similar, as_json=as_json)


@command.command("delete", help="Delete an organisation; its name is kept.")
@click.argument("name")
@data_option
@repositories_option
@click.option("--keeper", help="The one user who may make an organisation of that name again.")
@json_option
def delete_org(
    name: str, data: Path | None, with_repositories: bool, keeper: str | None, as_json: bool
) -> None:
    delete("org", name, data, with_repositories=with_repositories, keeper=keeper, as_json=as_json)
