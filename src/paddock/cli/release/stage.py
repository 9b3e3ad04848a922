"""``paddock release stage``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from paddock.cli.output import progress_note
from paddock.cli.release.announcement import common_options, hub_and_key, print_announced, send
from paddock.errors import BadInput

if TYPE_CHECKING:
    from paddock.release.spec.metadata import Stage


@click.command(help="Announce who may have a repository, now or from a moment on.")
@click.argument("repo", metavar="NAMESPACE/NAME")
@click.argument("stage", type=click.Choice(["internal", "trusted", "invited", "gated", "open"]))
@click.option("--at", "moment", metavar="TIME", help="From then on, such as 2026-12-24T09:00:00Z.")
@click.option(
    "--mechanism",
    type=click.Choice(["clickthrough", "registration", "manual"]),
    help="How a reader of a gated model gets in.",
)
@click.option("--reason", default="a new stage", show_default=True, help="Why, in a sentence.")
@common_options
def command(repo: str, stage: Stage, as_json: bool, **given: str | None) -> None:
    from paddock.release.lifecycle.announcing import Announcement
    from paddock.release.lifecycle.stages import ask_hub_to_follow, change_settings

    if given["mechanism"] is not None and stage != "gated":
        raise BadInput(f"the stage {stage} has no mechanism")
    effective = _moment(given["moment"]) if given["moment"] is not None else None
    around = hub_and_key(given["hub"], given["key"])
    wanted = Announcement(
        repo, None, "stage", given["reason"] or "",
        stage=stage, mechanism=given["mechanism"], effective=effective,
    )  # fmt: skip
    announced = send(wanted, around)
    also = None
    if not ask_hub_to_follow(around.api, around.hub, repo):
        if effective is not None:
            also = "this hub follows no schedule: run the same command without --at when it is time"
            progress_note(f"warning: {also}")
        else:
            change_settings(around.api, around.hub, repo, stage, given["mechanism"])
    print_announced(announced, as_json=as_json, also=also)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as e:
        raise BadInput(f"{text[:60]!a} is not a time like 2026-12-24T09:00:00Z") from e
    if moment.tzinfo is None:
        raise BadInput(f"{text[:60]} says no time zone", hint="end it with Z")
    return moment
