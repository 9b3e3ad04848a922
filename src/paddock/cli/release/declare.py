"""``paddock release declare``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from paddock.cli.output import emit
from paddock.config import load_settings


@click.command(help="Sign the answers of licenses.declarations, which no file can show.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "person", required=True, metavar="PERSON", help="One of gate.people.")
@click.option("--key", required=True, help="Your private key: a file, a name or a URI.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(file: Path, as_json: bool, **given: Any) -> None:
    from paddock.clock import now
    from paddock.release.licences.declaring import Declaring, answered, sign_declaration
    from paddock.release.planning.prepare import Wanted, prepare
    from paddock.signing.keys import keys_folder

    prepared = prepare(Wanted(file))
    judgement = prepared.plan.judgement
    declaring = Declaring(prepared.plan.spec, prepared.base, judgement, given["person"])
    own = keys_folder(load_settings({}).config_home)
    path = sign_declaration(declaring, given["key"], own, now())
    answers = {question.key: question.answer for question in judgement.questions}
    text = f"{given['person']} declares: {path}\n{answered(judgement.questions)}"
    emit({"statement": str(path), "answers": answers}, text, as_json=as_json)
