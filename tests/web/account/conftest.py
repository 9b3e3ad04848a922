"""Passwords that cost little to try: what they cost says nothing about these pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paddock.hub.people import passwords


@pytest.fixture(scope="module", autouse=True)
def cheap_passwords() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "COST", passwords.Cost(8, 1, 1))
        yield
