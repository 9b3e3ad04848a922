"""``paddock config``: every setting, its value and where it came from."""

from __future__ import annotations

import click

from paddock.cli.output import emit
from paddock.config import explain_settings, is_secret, meaning


@click.command(help="Every setting, its value and where it came from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(as_json: bool) -> None:
    rows = {
        name: {
            "value": "[set]" if is_secret(name) and found.value else _plain(found.value),
            "origin": found.origin,
            "meaning": meaning(name),
        }
        for name, found in explain_settings().items()
    }
    width = max(map(len, rows))
    lines = [
        f"{name:{width}}  {_shown(row['value'])}  ({row['origin']})\n{'':{width}}  {row['meaning']}"
        for name, row in rows.items()
    ]
    emit(rows, "\n".join(lines), as_json=as_json)


def _shown(value: object) -> object:
    return "not set" if value is None else value


def _plain(value: object) -> object:
    return value if isinstance(value, int | str | None) else str(value)
