"""A notebook as its text: the cells in their order, and what they printed as plain text.

Pure and bounded. Nothing of an output but its text is taken: no HTML, no pictures, no widgets. What
is no notebook of version 4 (nbformat) is shown as the JSON that it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson

MAX_CELLS: Final = 500
MAX_CELL_CHARS: Final = 100_000
MAX_OUTPUT_CHARS: Final = 10_000


class Cell(NamedTuple):
    """``kind`` is code, markdown or raw; ``output`` what it printed."""

    kind: str
    source: str
    output: str


class Notebook(NamedTuple):
    """The first cells, and how many there are."""

    cells: list[Cell]
    total: int
    language: str


def read_notebook(text: str) -> Notebook | None:
    """The cells of a notebook, None where it is none."""
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(whole, dict) or not isinstance(whole.get("cells"), list):
        return None
    cells = [_cell(one) for one in whole["cells"][:MAX_CELLS] if isinstance(one, dict)]
    return Notebook(cells, len(whole["cells"]), _language(whole.get("metadata")))


def _cell(one: dict[str, Any]) -> Cell:
    kind = one.get("cell_type")
    outputs = one.get("outputs")
    printed = "".join(_printed(outputs)) if isinstance(outputs, list) else ""
    return Cell(
        kind if kind in ("code", "markdown") else "raw",
        _text(one.get("source"))[:MAX_CELL_CHARS],
        printed[:MAX_OUTPUT_CHARS] + (" …" if len(printed) > MAX_OUTPUT_CHARS else ""),
    )


def _printed(outputs: list[Any]) -> Iterator[str]:
    for output in outputs[:MAX_CELLS]:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        yield _text(output.get("text"))
        if isinstance(data, dict):
            yield _text(data.get("text/plain"))
        if isinstance(output.get("ename"), str):
            yield f"{output['ename']}: {_text(output.get('evalue'))}\n"


def _text(value: object) -> str:
    """Text is one string, or a list of them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def _language(metadata: object) -> str:
    spec = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = spec.get("language") if isinstance(spec, dict) else None
    return language[:40] if isinstance(language, str) else ""
