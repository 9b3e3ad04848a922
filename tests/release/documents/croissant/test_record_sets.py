"""The fields of data files, from their first lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.release.documents.croissant.record_sets import Field, fields_of


def test_json_lines_have_the_narrowest_types_that_all_lines_agree_on() -> None:
    head = (
        b'{"text": "a", "n": 1, "mixed": 1, "yes": true, "tags": ["x"], "vector": [1.5]}\n'
        b'{"text": null, "n": 2, "mixed": "x", "yes": false, "tags": [], "more": {"a": 1}}\n'
    )
    assert fields_of("rows.jsonl", head, is_whole=True) == (
        Field("text", "sc:Text"),
        Field("n", "sc:Integer"),
        Field("mixed", "sc:Text"),
        Field("yes", "sc:Boolean"),
        Field("tags", "sc:Text", is_list=True),
        Field("vector", "sc:Float", is_list=True),
        Field("more", "sc:Text"),
    )


def test_a_line_that_was_cut_off_does_not_count() -> None:
    head = b'{"a": 1}\n{"a": "long te'
    assert fields_of("rows.jsonl", head, is_whole=False) == (Field("a", "sc:Integer"),)
    assert fields_of("rows.jsonl", b'{"a": 1', is_whole=False) == ()


def test_tables_have_their_first_line_as_names() -> None:
    head = b'name,age,score,member\n"Ada, Countess",36,0.5,true\nBob,,1,false\n'
    assert fields_of("people.csv", head, is_whole=True) == (
        Field("name", "sc:Text"),
        Field("age", "sc:Integer"),
        Field("score", "sc:Float"),
        Field("member", "sc:Boolean"),
    )
    assert fields_of("people.tsv", b"a\tb\n1\tx\n", is_whole=True) == (
        Field("a", "sc:Integer"),
        Field("b", "sc:Text"),
    )


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("a.csv", b"a,a\n1,2\n"),  # two columns of one name
        ("a.csv", b"a,\n1,2\n"),  # a column without one
        ("a.csv", b""),
        ("a.jsonl", b"[1]\n"),
        ("a.jsonl", b"not json\n"),
        ("a.jsonl", b"\xff\xfe\n"),
        ("a.jsonl", b"[" * 100_000 + b"\n"),
        ("a.parquet", b"PAR1"),
        ("a.jsonl", json.dumps(dict.fromkeys(map(str, range(501)))).encode() + b"\n"),
        ("a.jsonl", json.dumps({"x" * 201: 1}).encode() + b"\n"),
    ],
)
def test_what_is_no_table_has_no_fields(path: str, head: bytes) -> None:
    assert fields_of(path, head, is_whole=True) == ()


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]), st.booleans())
def test_no_beginning_of_a_file_is_too_odd(head: bytes, path: str, is_whole: bool) -> None:
    assert isinstance(fields_of(path, head, is_whole=is_whole), tuple)
