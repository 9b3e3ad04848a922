"""The table of contents in a package's docstring names every file in it, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import paddock

SOURCE = Path(paddock.__file__).parent
# Their tables of contents are code: the commands, and the routers in order of matching.
IN_CODE = {"cli", "cli/admin", "cli/keys", "cli/release", "hub/api", "starter"}

FOLDERS = sorted(
    str(file.parent.relative_to(SOURCE))
    for file in SOURCE.glob("*/**/__init__.py")
    if "migrations" not in file.parts
)


@pytest.mark.parametrize("folder", [name for name in FOLDERS if name not in IN_CODE])
def test_a_package_lists_what_is_in_it(folder: str) -> None:
    told = (SOURCE / folder / "__init__.py").read_text()
    listed = re.findall(r"^(\w+) {2,}\S", told, re.MULTILINE)
    inside = {path.stem for path in (SOURCE / folder).glob("*.py")} - {"__init__"}
    inside |= {path.parent.name for path in (SOURCE / folder).glob("*/__init__.py")}
    assert sorted(listed) == sorted(inside - {"migrations"})
