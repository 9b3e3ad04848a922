"""What the verbs that make a release have in common: their options, and the user's surroundings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import is_terminal, progress_note
from paddock.config import Settings, load_settings

if TYPE_CHECKING:
    from paddock.release.planning.prepare import Wanted
    from paddock.release.releasing import Surroundings


def release_options(command: Callable[..., None]) -> Callable[..., None]:
    """TARGET, and how it is released."""
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


def surroundings(given: dict[str, Any]) -> tuple[Settings, Wanted, Surroundings]:
    """What the options ask for, with the settings, the keys and the hub of the user."""
    from paddock.release.planning.prepare import Wanted
    from paddock.release.releasing import Surroundings

    settings = load_settings({"hub_url": given["hub"]})
    around = Surroundings(
        config_home=settings.config_home,
        hub_url=settings.hub_url,
        token=settings.token,
        progress=progress_note,
        show_progress=is_terminal(),
        hugging_face_url=settings.huggingface_url,
        hugging_face_token=settings.huggingface_token,
        work_home=settings.work_folder,
    )
    return settings, Wanted(given["target"], given["to"], given["source"]), around
