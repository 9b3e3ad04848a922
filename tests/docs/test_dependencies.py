"""docs/dependencies.md and pyproject.toml name the same packages."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import REPOSITORY


def declared() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0] for line in lines}  # type: ignore[index]
    return names - {"paddock"}


def explained() -> dict[str, str]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (REPOSITORY / "docs" / "dependencies.md").read_text().splitlines()
        if line.startswith("|")
    ]
    cells = [row for row in rows if not set(row[0]) <= set("-") and "why this one" not in row]
    return {row[-2]: row[-1] for row in cells}


def test_every_dependency_has_its_reason() -> None:
    assert declared() == explained().keys()


def test_no_reason_is_empty() -> None:
    assert [name for name, reason in explained().items() if len(reason) < 10] == []
