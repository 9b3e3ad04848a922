"""``paddock keys revoke``."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from paddock.cli.keys.asking import json_option
from paddock.cli.keys.repository import keys_option, repository_at
from paddock.cli.output import emit


@click.command(help="Say in update metadata that a key or a release must not be trusted any more.")
@click.argument("what", metavar="KEY.pem|FINGERPRINT|RELEASE")
@click.option(
    "--repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The folder of update metadata.",
)
@click.option("--reason", required=True, help="Such as key_compromise, unsafe, rights, privacy.")
@click.option("--advisory", help="What holders should know and do.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="Since when; else today.")
@keys_option
@json_option
def command(
    what: str,
    repo: Path,
    reason: str,
    advisory: str | None,
    day: str | None,
    keys: Path | None,
    as_json: bool,
) -> None:
    from paddock import clock
    from paddock.release.signatures.revoking import revocation_of
    from paddock.release.signatures.tuf.repository import revoke

    now = clock.now()
    since = _day(day) if day else now.date()
    revocation = revocation_of(what, reason, since, advisory)
    chain = revoke(repository_at(repo, keys), revocation, now)
    result = {
        "kind": revocation.kind,
        "sha256": revocation.sha256,
        "name": revocation.name,
        "version": revocation.version,
        "timestamp": chain.timestamp.signed.version,
    }
    text = f"{revocation.sentence}\nhand out the update metadata in {repo}"
    emit(result, text, as_json=as_json)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise click.UsageError(f"{text!r} is not a day like 2026-11-20") from e
