"""``paddock release check-proof``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit

if TYPE_CHECKING:
    from paddock.release.withholding.proofs import Checked


@click.command(help="Check whether PROOF shows what RELEASE, a folder, committed to withhold.")
@click.argument("proof", type=click.Path(path_type=Path))
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--content", type=click.Path(path_type=Path), help="A folder with the withheld content."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context, proof: Path, release: Path, content: Path | None, as_json: bool
) -> None:
    from paddock.release.withholding.proofs import check_proof, load_proof

    checked = check_proof(load_proof(proof), release, content)
    emit(_as_json(checked), _as_text(checked, content), as_json=as_json)
    context.exit(0 if checked.holds else 1)


def _as_json(checked: Checked) -> dict[str, Any]:
    proof = checked.proof
    return {
        "holds": checked.holds,
        "item": proof.item,
        "release": {"name": proof.name, "version": proof.version},
        "commitment": proof.commitment,
        "listed_in_release_json": checked.in_manifest,
        "parts": checked.parts,
        "compared": checked.compared,
        "problems": list(checked.problems),
    }


def _as_text(checked: Checked, content: Path | None) -> str:
    proof = checked.proof
    if not checked.holds:
        return "\n".join(["the proof does not hold:", *(f"  {p}" for p in checked.problems)])
    lines = [f"the proof holds: {proof.name} {proof.version} committed to {proof.item}"]
    if content is not None:
        lines.append(f"{checked.compared} of {checked.parts} parts are the given content")
    else:
        lines.append(f"{checked.parts} parts, not compared with any content (--content)")
    lines.append("who signed the release is for `paddock verify` to say")
    return "\n".join(lines)
