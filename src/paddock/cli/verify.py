"""``paddock verify``: check a release, and remember the newest that was trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.output import emit, is_terminal, progress_note
from paddock.config import Settings, load_settings

if TYPE_CHECKING:
    from paddock.release.verifying.trust import Trust
    from paddock.release.verifying.updates import Updates
    from paddock.release.verifying.verdict import Verdict


@click.command(help="Check a release: every byte, who signed it, whether it is current.")
@click.argument("target", metavar="PATH|NAMESPACE/NAME[@REVISION]|oci://REGISTRY/NAME[:TAG]")
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    help="Public keys (PEM) or a trust file (YAML, JSON), instead of your own trust folder.",
)
@click.option(
    "--updates",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Newer update metadata of the publisher: a tuf folder that came another way.",
)
@click.option(
    "--events",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What was announced later (lifecycle.json); a hub is asked by itself.",
)
@click.option(
    "--expect", metavar="NAME[@VERSION]", help="Trust this release only, not another or older one."
)
@click.option("--hub", metavar="URL", help="The hub of the repository.")
@click.option("--plain-http", is_flag=True, help="The registry has no TLS.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    target: str,
    trust: Path | None,
    updates: Path | None,
    events: Path | None,
    expect: str | None,
    hub: str | None,
    plain_http: bool,
    as_json: bool,
) -> None:
    from paddock.release.verifying.trust import load_trusted
    from paddock.release.verifying.updates import Updates, memory_folder
    from paddock.release.verifying.verdict import expecting

    settings = load_settings({"hub_url": hub})
    config_home = settings.config_home
    name, _, version = (expect or "").partition("@")
    around = Updates(memory_folder(config_home), updates, version or None)
    trusted = load_trusted(trust, config_home)
    verdict = _verdict(target, trusted, around, settings, plain_http=plain_http)
    verdict = _told_later(verdict, target, events, trusted, settings)
    if expect is not None:
        verdict = expecting(verdict, name, version or None)
    emit(verdict.to_json(), verdict.to_text(), as_json=as_json)
    if not verdict.is_trusted:
        context.exit(1)


def _verdict(
    target: str, trust: Trust, updates: Updates, settings: Settings, *, plain_http: bool
) -> Verdict:
    from paddock.release.verifying.verify import verify_folder

    with (
        _brought(target, settings, plain_http=plain_http) as folder,
        _renewed(target, folder, updates, settings) as newest,
    ):
        verdict = verify_folder(folder, trust, newest)
    return replace(verdict, subject=replace(verdict.subject, path=target))


@contextmanager
def _renewed(target: str, folder: Path, updates: Updates, settings: Settings) -> Iterator[Updates]:
    """With what the main branch of a repository has of update metadata, if none was named."""
    from paddock.release.target import repository_in

    repository = repository_in(target)
    if repository is None:
        yield updates
        return
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.verifying.hub_updates import renewed

    hub = Hub(settings.hub_url, settings.token)
    with renewed(hub, repository, folder, updates) as newest:
        yield newest


def _told_later(
    verdict: Verdict, target: str, events: Path | None, trust: Trust, settings: Settings
) -> Verdict:
    """The verdict in the light of what was announced since: in a file, or at the hub."""
    from paddock.release.target import repository_in

    if events is not None:
        from paddock.release.lifecycle.advisories import read_log
        from paddock.release.verifying.events import with_events

        return with_events(verdict, read_log(events), trust)
    repository = repository_in(target)
    if repository is None:
        return verdict
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.verifying.advisories import advised_by
    from paddock.release.verifying.hub_updates import told_by

    hub = Hub(settings.hub_url, settings.token)
    return advised_by(hub, repository, told_by(hub, repository, verdict, trust))


@contextmanager
def _brought(target: str, settings: Settings, *, plain_http: bool) -> Iterator[Path]:
    """The folder itself, or a copy of what a hub or a registry has."""
    from paddock.release.target import path_exists, repository_in

    repository = repository_in(target)
    if target.startswith("oci://") and not path_exists(target):
        from paddock.release.verifying.fetch import fetched_pack

        progress_note(f"downloading {target}")
        with fetched_pack(target, plain_http=plain_http) as folder:
            yield folder
    elif repository is not None:
        from paddock.release.publishing.hub_client import Hub
        from paddock.release.verifying.fetch import fetched

        hub = Hub(settings.hub_url, settings.token)
        progress_note(f"downloading {target} from {hub.url}")
        with fetched(hub, repository, show=is_terminal()) as folder:
            yield folder
    else:
        yield Path(target)
