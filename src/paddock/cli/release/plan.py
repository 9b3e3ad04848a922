"""``paddock release plan``."""

from __future__ import annotations

from typing import Any

import click

from paddock.cli.output import emit, progress_note
from paddock.cli.release.asked import release_options, surroundings


@click.command(help="Say what would happen and what forbids it; change nothing.")
@release_options
@click.pass_context
def command(context: click.Context, /, as_json: bool, **given: Any) -> None:
    from paddock.release.errors import GateRefused
    from paddock.release.planning.plan_json import to_json
    from paddock.release.planning.plan_text import render_plan
    from paddock.release.planning.prepare import prepare
    from paddock.release.releasing import describe_key, foresee_gate

    settings, wanted, around = surroundings(given)
    prepared = prepare(wanted)
    for sentence in prepared.plan.assumptions:
        progress_note(f"assumed {sentence}")
    seen = foresee_gate(prepared, around)
    text = render_plan(prepared.plan, describe_key(prepared, around), settings.hub_url, seen)
    emit(to_json(prepared.plan, seen), text, as_json=as_json)
    if prepared.plan.blocks or seen.blocks:
        context.exit(GateRefused.exit_code)
