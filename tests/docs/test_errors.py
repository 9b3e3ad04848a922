"""docs/errors.md lists every error code that paddock can answer with, and no other."""

from __future__ import annotations

import importlib
import pkgutil
import re

import paddock
from paddock.errors import PaddockError
from tests.conftest import REPOSITORY


def every_error() -> list[type[PaddockError]]:
    for module in pkgutil.walk_packages(paddock.__path__, "paddock."):
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    found, queue = [], [PaddockError]
    while queue:
        error = queue.pop()
        found.append(error)
        queue += error.__subclasses__()
    return [error for error in found if error.__module__.startswith("paddock.")]


def documented() -> dict[str, tuple[str, str]]:
    page = (REPOSITORY / "docs" / "errors.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d) \|", page, re.MULTILINE)
    return {code: (status, exit_code) for code, status, exit_code in rows}


def test_every_code_is_documented_with_its_status_and_exit_code() -> None:
    expected = {e.code: (str(e.status), str(e.exit_code)) for e in every_error()}
    assert documented() == expected


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in every_error()]
    assert sorted(codes) == sorted(set(codes))
