"""``paddock admin token``: access tokens of a hub on this machine."""

from __future__ import annotations

from datetime import timedelta
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
@click.option("--days", type=click.IntRange(1, 3650), help="It ends after so many days.")
@json_option
def add_token(
    name: str, data: Path | None, role: str, label: str, days: int | None, as_json: bool
) -> None:
    from paddock import clock
    from paddock.hub.people.accounts import get_account
    from paddock.hub.people.tokens import Bounds, create_token

    ends = clock.now() + timedelta(days=days) if days else None
    with open_hub_database(data).write() as conn:
        account = get_account(conn, name, kind="user")
        secret = create_token(conn, account, label, role, Bounds(expires_at=ends))
    emit({"user": account.name, "role": role, "token": secret}, secret, as_json=as_json)


@command.command("list", help="A user's tokens, without their secrets.")
@click.argument("name")
@data_option
@json_option
def list_tokens(name: str, data: Path | None, as_json: bool) -> None:
    from paddock import clock
    from paddock.hub.people.accounts import get_account
    from paddock.hub.people.tokens import tokens_of

    with open_hub_database(data).read() as conn:
        found = tokens_of(conn, get_account(conn, name, kind="user"))
    rows = [
        {
            "id": token.id,
            "label": token.name,
            "role": token.role,
            "created_at": clock.to_text(token.created_at),
            "last_used_at": clock.to_text(token.last_used_at) if token.last_used_at else None,
            "expires_at": clock.to_text(token.expires_at) if token.expires_at else None,
        }
        for token in found
    ]
    lines = [
        f"{row['id']}  {row['role']}  {row['label']}  used {row['last_used_at'] or 'never'}"
        for row in rows
    ]
    emit({"tokens": rows}, "\n".join(lines) or f"{name} has no tokens", as_json=as_json)


@command.command("revoke", help="End a token of a user at once; `list` shows its id.")
@click.argument("name")
@click.argument("token_id", type=int)
@data_option
@json_option
def revoke_token(name: str, token_id: int, data: Path | None, as_json: bool) -> None:
    from paddock.hub.people import tokens
    from paddock.hub.people.accounts import get_account

    with open_hub_database(data).write() as conn:
        account = get_account(conn, name, kind="user")
        tokens.revoke_token(conn, account, token_id)
    result = {"user": account.name, "id": token_id}
    emit(result, f"revoked token {token_id} of {account.name}", as_json=as_json)
