"""``paddock release withhold``."""

from __future__ import annotations

from pathlib import Path

import click

from paddock.cli.output import emit, progress_note


@click.command(help="Write the open version of FILE's checkpoint alone, to look at or to audit.")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--source",
    type=click.Path(path_type=Path),
    help="The checkpoint's folder, instead of artifacts.source.path.",
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The new folder."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(target: Path, source: Path | None, output: Path, as_json: bool) -> None:
    from paddock.config import load_settings
    from paddock.release.planning.prepare import Wanted, prepare
    from paddock.release.withholding.apply import withhold
    from paddock.release.withholding.secret import own_secret, secret_path

    prepared = prepare(Wanted(target, source=source))
    plan = prepared.plan
    secret = own_secret(secret_path(plan.spec, prepared.base, load_settings({}).config_home))
    folder = Path(plan.source)
    told = withhold(folder, output, plan.spec, secret, texts_folder=prepared.base)
    for check in told.checks:
        if check.status != "met":
            progress_note(f"{check.status}: {check.sentence}")
    lines = [f"{item.rule} of {item.component}: {item.replaced_how}" for item in told.items]
    lines.append(f"the open version is in {output}; it was not run")
    found = {
        "folder": str(output),
        "items": [
            {"id": item.id, "rule": item.rule, "replaced_how": item.replaced_how,
             "commitment": item.commitment} for item in told.items
        ],
        "tensors": len(told.tensors),
        "checks": [check.to_json() for check in told.checks],
        "run": "undecided",
    }  # fmt: skip
    emit(found, "\n".join(lines), as_json=as_json)
