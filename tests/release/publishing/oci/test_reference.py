"""References to registries, as people write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.errors import BadInput
from paddock.release.publishing.oci.credentials import credentials_for
from paddock.release.publishing.oci.reference import OciReference, parse_reference


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("registry.example/a", OciReference("registry.example", "a")),
        ("oci://registry.example/a/b:1.0", OciReference("registry.example", "a/b", "1.0")),
        ("localhost:5000/a/b", OciReference("localhost:5000", "a/b")),
        ("[::1]:5000/a", OciReference("[::1]:5000", "a")),
        ("r/a@sha256:" + "0" * 64, OciReference("r", "a", None, "sha256:" + "0" * 64)),
    ],
)
def test_a_reference_is_taken_apart(text: str, reference: OciReference) -> None:
    assert parse_reference(text) == reference
    assert parse_reference(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    ["", "a", "r/A", "r/a:", "r/../a", "r/a@sha256:0", "user@r/a", "r/a b", "https://r/a", "/a/b",
     "r//a", "r/" + "a/" * 40, "r/a:" + "t" * 200, "r/a#x", "r/a?x=1", "r\n/a"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="is not REGISTRY/NAME"):
        parse_reference(text)


@given(st.text(max_size=60))
def test_any_text_is_a_reference_or_a_sentence(text: str) -> None:
    try:
        assert parse_reference(str(parse_reference(text))) == parse_reference(text)
    except BadInput as e:
        assert e.message


def test_a_password_is_for_its_registry_alone(nobody: Path) -> None:
    nobody.write_text(json.dumps({"auths": {"r.example": {"auth": "YTpi"}}}))
    found = credentials_for("r.example")
    assert found is not None
    assert (found.name, found.secret) == ("a", "b")
    assert credentials_for("r.example:5000") is None
    assert credentials_for("x.r.example") is None


@pytest.mark.parametrize(
    "kept",
    ["[]", "{", '{"auths": {"r": {"auth": "!"}}}', '{"auths": {"r": {"auth": "YQ=="}}}',
     '{"auths": {"r": {}}, "credsStore": "desktop"}'],
)  # fmt: skip
def test_what_cannot_be_used_is_said_and_no_program_is_run(kept: str, nobody: Path) -> None:
    nobody.write_text(kept)
    with pytest.raises(BadInput):
        credentials_for("r")
