"""docs/errors.md, docs/settings.md and docs/scan-codes.md say exactly what the code knows."""

from __future__ import annotations

import importlib.util

from tests.conftest import REPOSITORY

_spec = importlib.util.spec_from_file_location(
    "reference_pages", REPOSITORY / "scripts" / "reference_pages.py"
)
assert _spec is not None and _spec.loader is not None
reference_pages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference_pages)

DOCS = REPOSITORY / "docs"
HINT = "run `python scripts/reference_pages.py`"


def test_the_errors_page_lists_every_code() -> None:
    page = (REPOSITORY / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == reference_pages.errors_page(), HINT


def test_the_settings_page_lists_every_setting() -> None:
    page = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == reference_pages.settings_page(), HINT


def test_the_page_of_scan_codes_lists_every_code() -> None:
    page = (REPOSITORY / "docs" / "scan-codes.md").read_text(encoding="utf-8")
    assert page == reference_pages.scan_codes_page(), HINT


def test_the_page_of_access_is_the_table() -> None:
    assert (DOCS / "access.md").read_text(encoding="utf-8") == reference_pages.access_page(), HINT


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in reference_pages.every_error()]
    assert sorted(codes) == sorted(set(codes))


def test_every_error_says_what_it_means() -> None:
    assert [e for e in reference_pages.every_error() if not e.__doc__] == []


def test_the_page_and_the_schema_of_the_release_file_are_those_of_the_code() -> None:
    assert (DOCS / "release-yaml.md").read_text() == reference_pages.release_yaml_page(), HINT
    schema = (DOCS / "release.schema.json").read_text()
    assert schema == reference_pages.render_schema(), HINT


def test_the_page_of_answers_lists_every_key() -> None:
    assert (DOCS / "answers.md").read_text() == reference_pages.answers_page(), HINT


def test_every_key_of_an_answer_is_explained() -> None:
    page = reference_pages.answers_page()
    assert [
        line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")
    ] == []


def test_every_key_of_the_release_file_is_explained() -> None:
    page = reference_pages.release_yaml_page()
    assert [
        line for line in page.splitlines() if line.startswith("| `") and line.endswith("|  |")
    ] == []
