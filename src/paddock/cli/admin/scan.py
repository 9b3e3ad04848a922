"""``paddock admin scan``: what was found in a repository, and what may be shared all the same.

``paddock admin scan REPO`` looks at the repository here and now and tells what was found.
"""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit, progress_note
from paddock.errors import NotFound, shown

if TYPE_CHECKING:
    import sqlalchemy as sa

    from paddock.hub.context import Hub
    from paddock.hub.scans.overrides import Override
    from paddock.hub.types import Repository

_SHOWN_FILES = 50


class _ByRepository(click.Group):
    """``scan NAMESPACE/NAME`` is ``scan run NAMESPACE/NAME``: no command's name has a slash."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and "/" in args[0]:
            args = ["run", *args]
        return super().resolve_command(ctx, args)


_repository = click.argument("repository", metavar="REPO")
_revision = click.option("--revision", default="main", show_default=True)


@click.group(cls=_ByRepository, help="What the scanner found in a repository; what may be shared.")
def command() -> None:
    pass


@command.command("run", help="Look at a repository now, and tell what was found.")
@_repository
@data_option
@_revision
@json_option
def run(repository: str, data: Path | None, revision: str, as_json: bool) -> None:
    from paddock.hub.scans import comparing, scanning

    hub, _ = open_local_hub(data)
    repo = _find(hub, repository)
    progress_note(f"scanning {repo.full_name}")
    scanning.scan_now(hub, repo.id)
    comparing.compare_now(hub, repo.id)
    _show(hub, repo, revision, as_json=as_json)


@command.command("show", help="Tell what was found, without looking again.")
@_repository
@data_option
@_revision
@json_option
def show(repository: str, data: Path | None, revision: str, as_json: bool) -> None:
    hub, _ = open_local_hub(data)
    _show(hub, _find(hub, repository), revision, as_json=as_json)


@command.command("allow", help="Let everybody download a rejected file of a repository.")
@_repository
@click.argument("path")
@data_option
@_revision
@click.option("--reason", required=True, help="Why; it is kept, and shown beside the verdict.")
@json_option
def allow(
    repository: str, path: str, data: Path | None, revision: str, reason: str, as_json: bool
) -> None:
    from paddock.hub import lookup
    from paddock.hub.git import files, refs
    from paddock.hub.scans import allowing
    from paddock.hub.types import FileEntry

    hub, _ = open_local_hub(data)
    repo = _find(hub, repository)
    with hub.database.write() as conn:
        lookup.lock_repository(conn, repo)
        entry = files.entry_at(conn, repo, refs.resolve_revision(conn, repo, revision), path)
        if not isinstance(entry, FileEntry):
            raise NotFound(f"{repo.full_name} has no file {shown(path)} at {shown(revision)}")
        given = allowing.allow(conn, repo, entry, _by(), reason)
    text = f"{given.path} of {repo.full_name} may be downloaded (override {given.id})"
    emit(given.to_dict(), text, as_json=as_json)


@command.command("withdraw", help="Take back what was allowed, by its number.")
@_repository
@click.argument("number", type=click.IntRange(min=1))
@data_option
@json_option
def withdraw(repository: str, number: int, data: Path | None, as_json: bool) -> None:
    from paddock.hub import lookup
    from paddock.hub.scans import allowing

    hub, _ = open_local_hub(data)
    repo = _find(hub, repository)
    with hub.database.write() as conn:
        lookup.lock_repository(conn, repo)
        taken = allowing.withdraw(conn, repo, number, _by())
    emit(taken.to_dict(), f"override {taken.id} of {taken.path} is withdrawn", as_json=as_json)


@command.command("overrides", help="What was allowed in a repository, by whom and why.")
@_repository
@data_option
@json_option
def list_overrides(repository: str, data: Path | None, as_json: bool) -> None:
    from paddock.hub.scans import overrides

    hub, _ = open_local_hub(data)
    repo = _find(hub, repository)
    with hub.database.read() as conn:
        given = overrides.of_repository(conn, repo.id)
    text = "\n".join(map(_line_of_override, given)) or "nothing was allowed"
    emit({"overrides": [one.to_dict() for one in given]}, text, as_json=as_json)


def _find(hub: Hub, text: str) -> Repository:
    from paddock.hub.lookup import find_repository
    from paddock.hub.names import parse_address

    name = parse_address(text)
    with hub.database.read() as conn:
        repo = find_repository(conn, name)
    if repo is None:
        raise NotFound(
            f"there is no {name.kind} {name.full} here",
            hint="write datasets/NAMESPACE/NAME for a dataset, spaces/NAMESPACE/NAME for a space",
        )
    return repo


def _by() -> str:
    """Who sits at this machine: the command needs no account."""
    return f"{getpass.getuser()[:60]} (on this machine)"


def _show(hub: Hub, repo: Repository, revision: str, *, as_json: bool) -> None:
    from paddock.hub.git import refs

    with hub.database.read() as conn:
        found = _report(hub, conn, repo, refs.resolve_revision(conn, repo, revision))
    emit(found, _as_text(repo, found), as_json=as_json)


def _report(hub: Hub, conn: sa.Connection, repo: Repository, commit_oid: str) -> dict[str, Any]:
    from paddock.hub.scans import report

    return report.render_for(conn, repo, commit_oid, report.Hears(reads=True, writes=True))


def _as_text(repo: Repository, found: dict[str, Any]) -> str:
    counts = ", ".join(f"{number} {verdict}" for verdict, number in found["counts"].items())
    lines = [f"{repo.full_name}: {found['verdict'] or 'unfinished'} ({counts or 'no files'})"]
    for file in found["files"][:_SHOWN_FILES]:
        allowed = ", allowed" if file["override"] else ""
        lines.append(f"{file['verdict']:<10}  {file['path']}{allowed}")
        lines += [f"    {_line_of_reason(reason)}" for reason in file["reasons"]]
        lines += [f"    {file['note']}"] if file["note"] else []
    more = len(found["files"]) + found["moreFiles"] - _SHOWN_FILES
    lines += [f"and {more} more files"] if more > 0 else []
    lines += [f"together: {_line_of_reason(reason)}" for reason in found["across"]]
    return "\n".join(lines)


def _line_of_reason(reason: dict[str, Any]) -> str:
    told = f"{reason['level']} {reason['code']} at {reason['place']}: {reason['message']}"
    return f"{told}. {reason['advice']}"


def _line_of_override(one: Override) -> str:
    taken = f", withdrawn by {one.withdrawn_by}" if one.withdrawn_by else ""
    return f"{one.id:>6}  {one.path}  by {one.allowed_by}{taken}: {one.reason}"
