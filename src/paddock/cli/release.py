"""``paddock release``: plan, build and publish a release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit, is_terminal, progress_note
from paddock.config import Settings, load_settings

if TYPE_CHECKING:
    from paddock.release.building.build import BuiltRelease
    from paddock.release.planning.prepare import Wanted
    from paddock.release.releasing import Surroundings
    from paddock.signing.keys import SigningKey

_FORMAT = """TARGET is a release.yaml, or a folder: one without a release.yaml gets one written from
what is found in it, and every assumption is printed."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """What the three verbs have in common."""
    decorators = (
        click.argument("target", type=click.Path(path_type=Path)),
        click.option(
            "--to", metavar="NAMESPACE/NAME", help="Publish there, whatever the file says."
        ),
        click.option("--hub", metavar="URL", help="The hub to publish to."),
        click.option(
            "--source",
            type=click.Path(path_type=Path),
            help="The checkpoint's folder, instead of artifacts.source.path.",
        ),
        click.option(
            "-o", "--output", type=click.Path(path_type=Path), help="The folder to build into."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@click.group(help="Plan, build and publish a release.", epilog=_FORMAT)
def command() -> None:
    pass


@command.command(help="Say what would happen and what forbids it; change nothing.")
@_options
@click.pass_context
def plan(context: click.Context, /, as_json: bool, **given: Any) -> None:
    from paddock.release.errors import GateRefused
    from paddock.release.planning.plan import to_json
    from paddock.release.planning.plan_text import render_plan
    from paddock.release.planning.prepare import prepare
    from paddock.release.releasing import describe_key

    settings, wanted, around = _surroundings(given)
    prepared = prepare(wanted)
    for sentence in prepared.plan.assumptions:
        progress_note(f"assumed {sentence}")
    text = render_plan(prepared.plan, describe_key(prepared, around), settings.hub_url)
    emit(to_json(prepared.plan), text, as_json=as_json)
    if prepared.plan.blocks:
        context.exit(GateRefused.exit_code)


@command.command(help="Build the signed release into a folder.")
@_options
def build(as_json: bool, **given: Any) -> None:
    from paddock.release.releasing import build_wanted

    _, wanted, around = _surroundings(given)
    built, key = build_wanted(wanted, given["output"], around)
    emit(_built_json(built, key), _built_text(built, key), as_json=as_json)


@command.command(help="Plan, build and publish: one commit and a tag, or nothing.")
@_options
def publish(as_json: bool, **given: Any) -> None:
    from paddock.release.releasing import publish_release

    _, wanted, around = _surroundings(given)
    outcomes = publish_release(wanted, around, given["output"])
    # One destination, the usual case, is the object itself.
    result = outcomes[0] if len(outcomes) == 1 else {"destinations": outcomes}
    emit(result, "\n".join(_outcome_text(outcome) for outcome in outcomes), as_json=as_json)


def _surroundings(given: dict[str, Any]) -> tuple[Settings, Wanted, Surroundings]:
    from paddock.release.planning.prepare import Wanted
    from paddock.release.releasing import Surroundings

    settings = load_settings({"hub_url": given["hub"]})
    around = Surroundings(
        config_home=settings.config_home.expanduser(),
        hub_url=settings.hub_url,
        token=settings.token,
        progress=progress_note,
        show_progress=is_terminal(),
    )
    return settings, Wanted(given["target"], given["to"], given["source"]), around


def _built_json(built: BuiltRelease, key: SigningKey) -> dict[str, Any]:
    return {
        "folder": str(built.folder),
        "name": built.name,
        "version": built.version,
        "root": built.root,
        "files": len(built.files) + 2,
        "size_bytes": built.size_bytes,
        "key": key.fingerprint,
        "public_key": str(key.public_path) if key.public_path else None,
    }


def _built_text(built: BuiltRelease, key: SigningKey) -> str:
    return (
        f"built {built.name} {built.version} in {built.folder} "
        f"({len(built.files) + 2} files, {built.size_bytes} bytes)\n"
        f"signed with {key.path} (fingerprint {key.fingerprint})"
    )


def _outcome_text(outcome: dict[str, Any]) -> str:
    lines = [str(outcome["sentence"])]
    if outcome.get("deleted"):
        lines.append(f"removed {len(outcome['deleted'])} files of the version before")
    if outcome.get("public_key"):
        lines.append(f"others verify it with your public key: {outcome['public_key']}")
    return "\n".join(lines)
