"""``paddock release publish``."""

from __future__ import annotations

from typing import Any

import click

from paddock.cli.output import emit
from paddock.cli.release.asked import release_options, surroundings


@click.command(help="Plan, build and publish: one commit and a tag, or nothing.")
@release_options
def command(as_json: bool, **given: Any) -> None:
    from paddock.release.releasing import publish_release

    _, wanted, around = surroundings(given)
    outcomes = publish_release(wanted, around, given["output"])
    # One destination, the usual case, is the object itself.
    result = outcomes[0] if len(outcomes) == 1 else {"destinations": outcomes}
    emit(result, "\n".join(_outcome_text(outcome) for outcome in outcomes), as_json=as_json)


def _outcome_text(outcome: dict[str, Any]) -> str:
    lines = [str(outcome["sentence"])]
    if outcome.get("deleted"):
        lines.append(f"removed {len(outcome['deleted'])} files of the version before")
    if outcome.get("public_key"):
        lines.append(f"others verify it with your public key: {outcome['public_key']}")
    return "\n".join(lines)
