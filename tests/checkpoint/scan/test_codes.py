"""The table of codes is whole: no section hides another's row, and no row is left without a check."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from paddock.checkpoint.scan import codes
from paddock.checkpoint.scan.codes import CODES

SOURCE = Path(codes.__file__).parents[3]


def test_no_two_sections_name_the_same_code() -> None:
    sections = [
        vars(importlib.import_module(f"{codes.__name__}.{module.name}")).get(module.name.upper())
        for module in pkgutil.iter_modules(codes.__path__)
    ]
    named = [code for section in sections if section is not None for code in section]
    assert sorted(named) == sorted(CODES)


def test_every_code_is_given_by_some_check() -> None:
    files = [file for file in SOURCE.rglob("*.py") if file.parent.name != "codes"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [code for code in CODES if f'"{code}"' not in source] == []
