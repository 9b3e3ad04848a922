"""``paddock admin name``: names that are kept. And what renames and deletes users and orgs.

Both kinds of account go the same way, so their commands share it.
"""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit

similar_option = click.option(
    "--allow-similar", is_flag=True, help="Even if the name looks like another account's."
)
repositories_option = click.option(
    "--with-repositories", is_flag=True, help="Delete its repositories too, for good."
)


@click.group(help="Names of accounts that were renamed or deleted.")
def command() -> None:
    pass


@command.command("list", help="Names that nobody may take, and who may take them back.")
@data_option
@json_option
def list_names(data: Path | None, as_json: bool) -> None:
    from paddock.hub.people.kept_names import all_kept

    with open_hub_database(data).read() as conn:
        found = all_kept(conn)
    lines = [f"{one.name}  {one.reason}  {one.keeper or '-'}" for one in found]
    result = {"names": [one._asdict() for one in found]}
    emit(result, "\n".join(lines) or "no names are kept", as_json=as_json)


@command.command("release", help="Let anybody take a name again.")
@click.argument("name")
@data_option
@json_option
def release_name(name: str, data: Path | None, as_json: bool) -> None:
    from paddock.hub.people.kept_names import release

    with open_hub_database(data).write() as conn:
        release(conn, name)
    emit({"name": name}, f"{name} may be taken again", as_json=as_json)


def rename(
    kind: str, name: str, new_name: str, data: Path | None, *, allow_similar: bool, as_json: bool
) -> None:
    """Give an account of this kind another name."""
    from paddock.hub.people.accounts import get_account
    from paddock.hub.people.leaving import rename_account

    with open_hub_database(data).write() as conn:
        account = get_account(conn, name, kind=kind)
        renamed = rename_account(conn, account, new_name, allow_similar=allow_similar)
    result = {"name": renamed.name, "former_name": account.name}
    emit(result, f"{account.name} is now {renamed.name}", as_json=as_json)


def delete(
    kind: str,
    name: str,
    data: Path | None,
    *,
    with_repositories: bool,
    as_json: bool,
    keeper: str | None = None,
) -> None:
    """Delete an account of this kind."""
    from paddock.hub.people.accounts import get_account
    from paddock.hub.people.leaving import delete_account

    with open_hub_database(data).write() as conn:
        account = get_account(conn, name, kind=kind)
        user = get_account(conn, keeper, kind="user") if keeper else None
        delete_account(conn, account, with_repositories=with_repositories, keeper=user)
    emit({"name": account.name}, f"deleted {account.name}; its name is kept", as_json=as_json)
