"""``paddock admin quota``: how much an account's repositories may hold together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.local_hub import data_option, json_option, open_hub_database
from paddock.cli.output import emit

if TYPE_CHECKING:
    from paddock.hub.large.usage import Use


@click.group(help="How many bytes accounts may hold.")
def command() -> None:
    pass


@command.command("show", help="What an account holds, and what it may.")
@click.argument("name")
@data_option
@json_option
def show(name: str, data: Path | None, as_json: bool) -> None:
    from paddock.hub.large import usage
    from paddock.hub.people.accounts import get_account

    with open_hub_database(data).read() as conn:
        account = get_account(conn, name)
        use = usage.of_namespace(conn, account.id)
    _emit(account.name, use, as_json=as_json)


@command.command("set", help="Let an account hold SIZE (such as 50GB), 'unlimited', or 'default'.")
@click.argument("name")
@click.argument("size")
@data_option
@json_option
def set_(name: str, size: str, data: Path | None, as_json: bool) -> None:
    from paddock.hub.large import usage
    from paddock.hub.large.quota_sizes import parse_quota
    from paddock.hub.people.accounts import get_account

    with open_hub_database(data).write() as conn:
        account = get_account(conn, name)
        if size == "default":
            usage.drop_quota(conn, account.id)
        else:
            usage.set_quota(conn, account.id, parse_quota(size))
        use = usage.of_namespace(conn, account.id)
    _emit(account.name, use, as_json=as_json)


@command.command("default", help="What accounts without a quota of their own may hold.")
@click.argument("size")
@data_option
@json_option
def default(size: str, data: Path | None, as_json: bool) -> None:
    from paddock.hub.large import usage
    from paddock.hub.large.quota_sizes import parse_quota

    quota_bytes = parse_quota(size)
    with open_hub_database(data).write() as conn:
        usage.set_default_quota(conn, quota_bytes)
    text = f"accounts may hold {_said(quota_bytes)} unless they have a quota of their own"
    emit({"default_quota_bytes": quota_bytes}, text, as_json=as_json)


def _emit(name: str, use: Use, *, as_json: bool) -> None:
    told = {"name": name, "used_bytes": use.used_bytes, "quota_bytes": use.quota_bytes}
    may = "without a quota" if use.quota_bytes is None else f"of {use.quota_bytes}"
    text = f"{name} holds {use.used_bytes} bytes {may}"
    emit(told, text, as_json=as_json)


def _said(quota_bytes: int | None) -> str:
    return "any number of bytes" if quota_bytes is None else f"{quota_bytes} bytes"
