"""Names: what an account and a repository may be called, and that nothing else gets through."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.hub import names
from paddock.hub.errors import BadName
from paddock.hub.names import RepositoryName
from paddock.hub.types import Kind


@pytest.mark.parametrize(
    "name", ["al", "meta-llama", "EleutherAI", "01-ai", "snake_case", "a" * 42]
)
def test_ordinary_account_names_are_allowed(name: str) -> None:
    assert names.check_account_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "a", "a" * 43, "-lead", "trail-", "two--dashes", "dot.ted", "sp ace", "a/b", "..",
        "nul\0nul", "new\nline", "trailing\n", "ünïcode", "раypal", "a\u200bb", "_under",
    ],
)  # fmt: skip
def test_other_account_names_are_refused_and_shown_safely(name: str) -> None:
    with pytest.raises(BadName) as refused:
        names.check_account_name(name)
    assert refused.value.message.isascii()
    assert refused.value.message.isprintable()
    assert refused.value.hint


@pytest.mark.parametrize("name", ["api", "API", "datasets", "Settings", "xet", "healthz", "v1"])
def test_a_name_that_is_an_address_of_the_hub_is_reserved(name: str) -> None:
    with pytest.raises(BadName, match="reserved"):
        names.check_account_name(name)


@pytest.mark.parametrize(
    "name", ["a", "Llama-3.1-8B", "v0.1", "_private", "x_", "a" * 96, "models"]
)
def test_ordinary_repository_names_are_allowed(name: str) -> None:
    assert names.check_repository_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "a" * 97, "-a", "a-", ".a", "a.", "a--b", "a..b", "..", "a.git", "a.GIT", "a b", "a/b",
        "a\0", "a\n", "modèle", "a%2Fb", "a\\b", "a?b", "a#b", "\u202ea",
    ],
)  # fmt: skip
def test_other_repository_names_are_refused(name: str) -> None:
    with pytest.raises(BadName) as refused:
        names.check_repository_name(name)
    assert refused.value.message.isascii()


@pytest.mark.parametrize("full_name", ["a", "a/", "/b", "a/b/c", "", "/"])
def test_a_full_name_has_two_parts(full_name: str) -> None:
    with pytest.raises(BadName):
        names.parse_repository_name(Kind.MODEL, full_name)


def test_a_repository_is_found_in_any_case() -> None:
    assert (
        RepositoryName(Kind.MODEL, "Lab", "Model-A").key
        == RepositoryName(Kind.MODEL, "lAB", "mODEL-a").key
    )


def test_a_long_wrong_name_is_cut_in_the_message() -> None:
    with pytest.raises(BadName) as refused:
        names.check_repository_name("x" * 1_000_000)
    assert len(refused.value.message) < 400


@given(st.text(max_size=120))
def test_whatever_is_accepted_is_one_plain_segment_of_an_address(text: str) -> None:
    for check in (names.check_account_name, names.check_repository_name):
        try:
            accepted = check(text)
        except BadName as e:
            assert e.message.isascii()
            assert e.message.isprintable()
            continue
        assert re.fullmatch(r"[A-Za-z0-9._-]+", accepted)
        assert ".." not in accepted
        assert not accepted.lower().endswith(".git")


def test_no_account_can_be_taken_for_the_address_of_a_file() -> None:
    for name in ("resolve", "raw", "Resolve"):
        with pytest.raises(BadName):
            names.check_account_name(name)
