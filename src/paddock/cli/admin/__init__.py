"""``paddock admin``: users, organisations, tokens and background work of a hub on this machine.

Works on the hub's database, whether or not a server runs on it. Whoever can read the data folder
needs no password here. A file a noun.
"""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.admin import (
    backup,
    fsck,
    gc,
    jobs,
    log,
    names,
    orgs,
    quota,
    scan,
    storage,
    tokens,
    users,
)
from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit
from paddock.errors import Conflict


class AlreadyInitialised(Conflict):
    """The hub has an administrator, whose token cannot be shown again."""

    code = "already_initialised"


@click.group(help="Accounts, tokens, names, quotas, jobs and scans of a hub on this machine.")
def command() -> None:
    from paddock.hub.audit_log.acting import Actor, acting

    click.get_current_context().with_resource(acting(lambda: Actor(way="command")))


@command.command(help="Create the hub and its first administrator; prints a token.")
@data_option
@click.option("--name", help="The administrator's name (default: admin).")
@json_option
def init(data: Path | None, name: str | None, as_json: bool) -> None:
    from paddock.hub.people.first_admin import DEFAULT_NAME, initialise

    first = initialise(open_hub_database(data, create=True), name or DEFAULT_NAME)
    if first is None:
        raise AlreadyInitialised(
            "this hub is initialised already, and its first token cannot be shown again",
            hint="make another with `paddock admin token add NAME --role admin`",
        )
    text = f"admin: {first.name}\ntoken: {first.token}"
    emit({"name": first.name, "token": first.token}, text, as_json=as_json)


command.add_command(users.command, "user")
command.add_command(orgs.command, "org")
command.add_command(tokens.command, "token")
command.add_command(names.command, "name")
command.add_command(jobs.command, "jobs")
command.add_command(log.command, "log")
command.add_command(backup.backup, "backup")
command.add_command(backup.restore, "restore")
command.add_command(gc.command, "gc")
command.add_command(fsck.command, "fsck")
command.add_command(quota.command, "quota")
command.add_command(storage.command, "storage")
command.add_command(scan.command, "scan")
