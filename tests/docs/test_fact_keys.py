"""The page on documents lists every key of a fact that an author may declare, and no other."""

from __future__ import annotations

import re

from paddock.release.documents.keys import KNOWN
from tests.conftest import REPOSITORY


def test_the_page_lists_the_keys_of_facts() -> None:
    page = (REPOSITORY / "docs" / "documents.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z0-9_.]+)` \|", page.split("## Keys of facts")[1], re.MULTILINE)
    assert listed == [key.key for key in KNOWN.values() if key.declarable]
