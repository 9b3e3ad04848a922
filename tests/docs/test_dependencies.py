"""docs/dependencies.md and pyproject.toml name the same packages."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from tests.conftest import REPOSITORY

# torch's builds for CUDA bring it, its others do not; imported only where it is found.
OF_SOME_BUILDS = {"triton"}


def declared(*, without: str | None = None) -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = [
        lines for extra, lines in project["optional-dependencies"].items() if extra != without
    ]
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0] for line in lines}
    return names - {"paddock"}


def imported() -> dict[str, str]:
    """The modules that the sources import from elsewhere, each with a file that does."""
    found: dict[str, str] = {}
    for path in sorted((REPOSITORY / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            found.update({name.partition(".")[0]: path.name for name in names})
    ours = {*sys.stdlib_module_names, "paddock"}
    return {name: file for name, file in found.items() if name not in ours | OF_SOME_BUILDS}


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


def test_what_the_sources_import_is_installed_without_the_tests() -> None:
    # The environment of the tests holds more than a new user's.
    distributions = packages_distributions()
    installed = brought_by(declared(without="test"))
    missing = {
        name: file
        for name, file in imported().items()
        if not installed & {plain(owner) for owner in distributions.get(name, [name])}
    }
    assert missing == {}


def brought_by(names: set[str]) -> set[str]:
    """These packages with all that they require themselves."""
    found: set[str] = set()
    waiting = {plain(name) for name in names}
    while waiting:
        name = waiting.pop()
        found.add(name)
        lines = [line for line in required(name) if "extra ==" not in line]
        waiting |= {plain(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in lines} - found
    return found


def required(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:  # for another system or Python
        return []


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
