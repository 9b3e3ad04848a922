"""``paddock admin storage``: who holds how many of the stored bytes, alone and together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit
from paddock.errors import NotFound, UsageError

if TYPE_CHECKING:
    from paddock.hub.context import Hub
    from paddock.hub.holdings.telling import Report, Share
    from paddock.hub.types import Account, Repository

_SHOWN = 50


@click.command(help="Who holds how many of the stored bytes, alone and together with others.")
@click.option("--repo", metavar="REPO", help="Of this repository, and who shares bytes with it.")
@click.option("--account", metavar="NAME", help="Of this user or organisation, likewise.")
@data_option
@json_option
def command(repo: str | None, account: str | None, data: Path | None, as_json: bool) -> None:
    from paddock.hub.holdings.telling import report

    if repo is not None and account is not None:
        raise UsageError("--repo and --account cannot be used together", hint="ask one at a time")
    hub, _ = open_local_hub(data)
    of = _find(hub, repo, account)
    told = report(hub.database, hub.blobs, of)
    result = told.to_dict()
    if of is not None:
        result["shared_with"] = [one._asdict() for one in told.shared_with]
    emit(result, _text(told, everybody=of is None), as_json=as_json)


def _find(hub: Hub, repo: str | None, account: str | None) -> Repository | Account | None:
    from paddock.hub.lookup import find_repository
    from paddock.hub.names import parse_address
    from paddock.hub.people.accounts import get_account

    with hub.database.read() as conn:
        if account is not None:
            return get_account(conn, account)
        if repo is None:
            return None
        name = parse_address(repo)
        found = find_repository(conn, name)
    if found is None:
        raise NotFound(
            f"there is no {name.kind} {name.full} here",
            hint="write datasets/NAMESPACE/NAME or spaces/NAMESPACE/NAME for the other kinds",
        )
    return found


def _text(told: Report, *, everybody: bool) -> str:
    lines = []
    if everybody:
        stored = told.stored
        lines.append(
            f"stored: {stored.bytes} bytes in {stored.blobs} blobs; "
            f"{stored.of_repositories.shared_once} shared by repositories, "
            f"{stored.elsewhere} kept for something else, {stored.unused} unused"
        )
    lines += _lines(told.accounts) + _lines(told.repositories)
    lines += [f"    shared with {one.name}: {one.bytes}" for one in told.shared_with[:_SHOWN]]
    return "\n".join(lines)


def _lines(shares: list[Share]) -> list[str]:
    lines = [
        f"{one.kind} {one.name}: {one.logical_bytes} bytes of files; stored {one.alone_bytes} "
        f"alone, {one.shared_bytes} shared; removing it frees {one.alone_bytes}"
        for one in shares[:_SHOWN]
    ]
    more = len(shares) - _SHOWN
    return [*lines, f"and {more} more: --json tells them"] if more > 0 else lines
