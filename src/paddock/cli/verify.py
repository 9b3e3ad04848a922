"""``paddock verify``: check a release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.output import emit, is_terminal, progress_note
from paddock.config import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paddock.release.verifying.verdict import Verdict
    from paddock.signing.keys import TrustedKey


@click.command(help="Check a release: every byte, the signature and the key.")
@click.argument("target", metavar="PATH|NAMESPACE/NAME[@REVISION]")
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="PEM file of the public keys to trust, instead of your own trust folder.",
)
@click.option(
    "--expect", metavar="NAME[@VERSION]", help="Trust this release only, not another or older one."
)
@click.option("--hub", metavar="URL", help="The hub of the repository.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    target: str,
    trust: Path | None,
    expect: str | None,
    hub: str | None,
    as_json: bool,
) -> None:
    from paddock.release.verifying.verdict import expecting
    from paddock.signing.keys import load_trust

    settings = load_settings({"hub_url": hub})
    keys = load_trust(trust, settings.config_home.expanduser())
    verdict = _verdict(target, keys, settings)
    if expect is not None:
        name, _, version = expect.partition("@")
        verdict = expecting(verdict, name, version or None)
    emit(verdict.to_json(), verdict.to_text(), as_json=as_json)
    if not verdict.is_trusted:
        context.exit(1)


def _verdict(target: str, keys: Sequence[TrustedKey], settings: Settings) -> Verdict:
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.target import repository_in
    from paddock.release.verifying.fetch import fetched
    from paddock.release.verifying.verify import verify_folder

    repository = repository_in(target)
    if repository is None:
        return verify_folder(Path(target), keys)
    hub = Hub(settings.hub_url, settings.token)
    progress_note(f"downloading {target} from {hub.url}")
    with fetched(hub, repository, show=is_terminal()) as folder:
        verdict = verify_folder(folder, keys)
    return replace(verdict, subject=replace(verdict.subject, path=target))
