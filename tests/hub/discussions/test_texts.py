"""Names in comments lead to those who have them, and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from paddock.hub.discussions.texts import render_comment
from paddock.markdown import MAX_LINKED_MENTIONS
from paddock.storage.database import Database
from tests.hub.samples import make_account


@pytest.fixture
def conn(database: Database) -> Iterator[sa.Connection]:
    with database.write() as opened:
        make_account(opened, "Ann")
        make_account(opened, "ben-2")
        yield opened


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("ask @ann.", ["Ann"]),
        ("@Ann, @ANN and **@ben-2**: see", ["Ann", "Ann", "ben-2"]),
        ("| a |\n|---|\n| @ann |", ["Ann"]),
        ("@nobody-here", []),
        ("`@ann` and\n\n    @ann", []),
        ("[@ann](https://example.org)", []),
        ("a@ann.example x/@ann", []),
        ('<b title="@ann">x</b>', []),
    ],
)
def test_names_of_accounts_are_links(conn: sa.Connection, text: str, linked: list[str]) -> None:
    html = render_comment(conn, text).html
    assert [part.split('"')[0] for part in html.split('<a href="/')[1:]] == linked


def test_the_words_around_a_name_stay_and_are_escaped(conn: sa.Connection) -> None:
    html = render_comment(conn, "a < b, @ann's & @nobody-here").html
    assert html.startswith('<p>a &lt; b, <a href="/Ann"')
    assert html.endswith(">@ann</a>'s &amp; @nobody-here</p>\n")


def test_ten_thousand_names_are_not_ten_thousand_links(conn: sa.Connection) -> None:
    rendered = render_comment(conn, "@ann " * 10_000)
    assert rendered.html.count("<a ") == MAX_LINKED_MENTIONS
    assert rendered.html.count("@ann") == 10_000
    assert rendered.mentions == ("ann",)
