"""Notebooks: what they printed when they were last run, and commands for the system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from paddock.checkpoint.scan.documents import object_of
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.texts.markup import active_markup
from paddock.errors import shown

_COMMAND = re.compile(
    r"(?m)^[ \t]*(?:!|%%?(?:bash|sh|script|system|sx)\b).*"
    r"|get_ipython\s*\(\s*\)\s*\.\s*(?:system|getoutput)"
)


def check_notebook(look: Look) -> Iterator[Reason]:
    """Outputs, commands and scripts in a notebook's cells."""
    cells = object_of(look).get("cells")
    kinds = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    outputs = sum(len(cell["outputs"]) for cell in kinds if isinstance(cell.get("outputs"), list))
    if outputs:
        message = f"{look.basename} holds {outputs} outputs of its last run"
        yield Reason("notebook_output", look.name, message)
    for cell in kinds:
        source = _source_of(cell)
        command = _COMMAND.search(source) if cell.get("cell_type") == "code" else None
        if command:
            yield Reason(
                "notebook_output", look.name, f"a cell runs the command {shown(command[0].strip())}"
            )
            break
    for cell in kinds:
        if cell.get("cell_type") in ("markdown", "raw"):
            for code, message in active_markup(_source_of(cell)):
                yield Reason(code, look.name, message)


def _source_of(cell: dict[str, Any]) -> str:
    source = cell.get("source")
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")
