"""``paddock release approvals``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.output import emit
from paddock.cli.release.candidates import candidate_options, find_candidate


@click.command(help="Say who has approved a candidate, and what is missing.")
@click.argument("file", type=click.Path(path_type=Path))
@candidate_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    candidate: Path | None,
    output: Path | None,
    as_json: bool,
) -> None:
    from paddock.clock import now
    from paddock.release.errors import GateRefused
    from paddock.release.gate.content_root import folder_root
    from paddock.release.gate.inputs import read_gate_inputs
    from paddock.release.gate.release_file import open_release_file
    from paddock.release.gate.standing import approvals_so_far, render_standing, standing_json

    opened = open_release_file(file)
    root = folder_root(find_candidate(opened, candidate, output))
    inputs = read_gate_inputs(opened.spec, opened.base)
    counted = approvals_so_far(opened.spec, inputs, root, now())
    emit(standing_json(counted, root), render_standing(counted, root), as_json=as_json)
    if any(check.blocks for check in counted.checks):
        context.exit(GateRefused.exit_code)
