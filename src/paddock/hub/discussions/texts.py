"""A comment's text as HTML: Markdown, in which the names of accounts lead to their pages.

What is written and what is shown before it is sent are rendered by this one function.
"""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from paddock.hub import names
from paddock.hub.tables import accounts
from paddock.markdown import Rendered, render_markdown


def render_comment(conn: sa.Connection, text: str) -> Rendered:
    """The text as safe HTML, and whom it calls by name."""
    return render_markdown(text, partial(_addresses, conn))


def _addresses(conn: sa.Connection, called: tuple[str, ...]) -> dict[str, str]:
    """The pages of those who exist, by their names as they are written here."""
    keys = {names.account_key(name): name for name in called}
    query = sa.select(accounts.c.key, accounts.c.name).where(accounts.c.key.in_(keys))
    found = {key: name for key, name in conn.execute(query)}
    return {name: f"/{found[key]}" for name in called if (key := names.account_key(name)) in found}
