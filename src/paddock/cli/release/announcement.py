"""What the verbs that announce an event have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit
from paddock.config import Settings, load_settings
from paddock.errors import UsageError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

    from paddock.release.lifecycle.announcing import Announced
    from paddock.release.publishing.hub_client import Hub
    from paddock.signing.events.event import Kind
    from paddock.signing.sslib import Signer


def common_options(command: Callable[..., None]) -> Callable[..., None]:
    """The key, the hub and the form of the answer."""
    decorators = (
        click.option("--key", help="The release's key: a file, a name or a URI; else your own."),
        click.option("--hub", metavar="URL", help="The hub of the repository."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def event_command(kind: Kind, help_: str) -> click.Command:
    """The command of a verb that announces an event about one release."""

    @click.command(name=kind, help=help_)
    @click.argument("target", metavar="NAMESPACE/NAME@REVISION")
    @click.option("--reason", required=True, help="Why, in a sentence.")
    @click.option("--by", "replacement", metavar="VERSION", help="The version to use instead.")
    @click.option(
        "--advisory",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A file (YAML or JSON): id, severity, text, action, affected, fixed, references.",
    )
    @common_options
    def command(target: str, as_json: bool, **given: Any) -> None:
        from paddock.release.lifecycle.advisories import read_advisory
        from paddock.release.lifecycle.announcing import Announcement

        if (kind == "supersede") != (given["replacement"] is not None):
            raise UsageError(
                "supersede needs --by VERSION" if kind == "supersede" else "--by is for supersede"
            )
        repo, _, revision = target.partition("@")
        if not revision:
            raise UsageError(f"{target} names no revision", hint=f"such as {target}@1.0.0")
        advisory = read_advisory(given["advisory"]) if given["advisory"] else None
        wanted = Announcement(
            repo, revision, kind, given["reason"],
            replacement=given["replacement"], advisory=advisory,
        )  # fmt: skip
        surroundings = hub_and_key(given["hub"], given["key"])
        print_announced(send(wanted, surroundings), as_json=as_json)

    return command


class Surroundings:
    """The hub with the stock client, and the key that signs."""

    def __init__(self, hub: Hub, api: HfApi, signer: Signer) -> None:
        self.hub, self.api, self.signer = hub, api, signer


def hub_and_key(url: str | None, key: str | None) -> Surroundings:
    """Where it goes, signed in, and the release's key: the user's own when none is named."""
    from paddock.release.publishing.hub_client import Hub, client_of, sign_in

    settings = load_settings({"hub_url": url})
    hub = Hub(settings.hub_url, settings.token)
    signer = _signer(settings, key)
    api = client_of(hub, show_progress=False)
    sign_in(api, hub)
    return Surroundings(hub, api, signer)


def send(wanted: Any, around: Surroundings) -> Announced:
    """Announce it."""
    from paddock.clock import now
    from paddock.release.lifecycle.announcing import announce

    return announce(wanted, around.signer, around.api, around.hub, now())


def print_announced(announced: Announced, *, as_json: bool, also: str | None = None) -> None:
    """The event for people or programs."""
    from paddock.signing.events.standing import event_json

    event = event_json(announced.event)
    result = {"repo": announced.repo, "commit": announced.commit, "event": event}
    lines = [announced.event.sentence, f"announced in {announced.repo} ({announced.commit[:12]})"]
    emit(result, "\n".join([*lines, *([also] if also else [])]), as_json=as_json)


def _signer(settings: Settings, key: str | None) -> Signer:
    from paddock.signing.keys import keys_folder, own_key_path
    from paddock.signing.signers import load_signer

    home = settings.config_home
    named = key if key is not None else str(own_key_path(home))
    return load_signer(named, Path(), keys_folder(home))
