"""Data files lose a field and nothing else; what it held is digested in order."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.release.errors import WithholdingRefused
from paddock.release.withholding.data_fields import MAX_ROW_BYTES, Wanted, without_fields


def left_of(
    folder: Path, name: str, content: str | bytes, field: str, replace: Any = "drop"
) -> tuple[bytes, Wanted]:
    path, out, wanted = folder / name, io.BytesIO(), Wanted(field, replace)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    without_fields(path, out.write, [wanted])
    return out.getvalue(), wanted


def test_rows_without_the_field_keep_their_bytes(tmp_path: Path) -> None:
    rows = '{"a" :1.50}\n\n{"b": 2, "user": {"mail": "x", "n": 1}}\n{"user": 3}\n'
    left, wanted = left_of(tmp_path, "r.jsonl", rows, "user.mail")
    assert left == b'{"a" :1.50}\n\n{"b": 2, "user": {"n": 1}}\n{"user": 3}\n'
    assert wanted.lost.digest.hexdigest() == hashlib.sha256(b'"x"\n').hexdigest()


def test_a_list_on_the_way_means_each_of_its_items(tmp_path: Path) -> None:
    rows = '{"turns": [{"who": "a", "text": "x"}, {"who": "b"}]}\n'
    left, wanted = left_of(tmp_path, "r.jsonl", rows, "turns.who")
    assert json.loads(left) == {"turns": [{"text": "x"}, {}]}
    assert wanted.lost.rows == 2


def test_json_and_csv_lose_it_too(tmp_path: Path) -> None:
    left, _ = left_of(tmp_path, "r.json", '[{"a": 1, "b": 2}, {"b": 3}]', "a")
    assert json.loads(left) == [{"b": 2}, {"b": 3}]
    left, _ = left_of(tmp_path, "r.csv", 'a,b\r\n1,"x, ""y"""\n2,z\n', "a")
    assert left == b'b\n"x, ""y"""\nz\n'


def test_an_emptied_field_keeps_its_name(tmp_path: Path) -> None:
    left, _ = left_of(tmp_path, "r.jsonl", '{"a": "x"}\n', "a", "zero")
    assert left == b'{"a": null}\n'
    left, _ = left_of(tmp_path, "r.csv", "a,b\n1,2\n", "a", "zero")
    assert left == b"a,b\n,2\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("r.jsonl", '{"b": 1}\n', "has no field 'a'"),
        ("r.jsonl", "[1]\n", "must be a JSON object"),
        ("r.jsonl", '{"a": 1, "a": 2}\n', "appears twice"),
        ("r.jsonl", '{"a": NaN}\n', "not JSON"),
        ("r.jsonl", b'{"a": "\xff"}\n', "not UTF-8"),
        ("r.jsonl", b'{"a": 1}' + b" " * MAX_ROW_BYTES, "longer than"),
        ("r.jsonl", '{"a": 1, "b": ' + "[" * 5000 + "]" * 5000 + "}\n", "nested"),
        ("r.json", '1, "other": [2]', "neither an object nor a list"),
        ("r.json", "3", "neither an object nor a list"),
        ("r.csv", "a,b\n1\n", "row 2, has 1 values, the header 2"),
        ("r.csv", "a,a\n1,2\n", "not one column"),
        ("r.csv", 'a,b\n"1,2\n', "unexpected end"),
        ("r.csv", "b\n1\n", "not one column"),
    ],
)
def test_what_is_not_as_its_ending_says_is_refused(
    name: str, content: str | bytes, said: str, tmp_path: Path
) -> None:
    with pytest.raises(WithholdingRefused, match=said):
        left_of(tmp_path, name, content, "a")


VALUES = st.recursive(
    st.none() | st.integers(-(10**6), 10**6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner),
    max_leaves=6,
)


@settings(max_examples=40)
@given(rows=st.lists(st.dictionaries(st.text("abc", min_size=1, max_size=2), VALUES), min_size=1))
def test_everything_but_the_field_is_kept(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = "".join(json.dumps(row) + "\n" for row in [{"a": 0}, *rows])
    left, _ = left_of(tmp_path_factory.mktemp("rows"), "r.jsonl", text, "a")
    wanted = [{key: value for key, value in row.items() if key != "a"} for row in rows]
    assert [json.loads(line) for line in left.splitlines()][1:] == wanted


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\r\0", codec="utf-8"), max_size=6),
            min_size=3,
            max_size=3,
        ).filter(any)
    )
)
def test_columns_keep_their_values(
    rows: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["x", "y", "z"], ["1", "2", "3"], *rows])
    left, _ = left_of(tmp_path_factory.mktemp("rows"), "r.csv", text.getvalue(), "y")
    found = list(csv.reader(io.StringIO(left.decode())))
    assert found[2:] == [[row[0], row[2]] for row in rows]


def test_quoted_line_ends_are_part_of_their_row(tmp_path: Path) -> None:
    rows = 'a,b\n"=cmd|\'/c calc\'!A1\nsecond ""line""","kept\r\nhere"\n'
    left, wanted = left_of(tmp_path, "r.csv", rows, "a")
    assert left == b'b\n"kept\r\nhere"\n'
    assert wanted.lost.rows == 1
    left, _ = left_of(tmp_path, "r.csv", "\ufeffa,b\n1,2\n", "a")
    assert left == b"b\n2\n"


def test_a_row_of_endless_lines_is_refused_before_it_is_held(tmp_path: Path) -> None:
    with pytest.raises(WithholdingRefused, match="longer than"):
        left_of(tmp_path, "r.csv", b"a,b\n" + b'"\n",' * (MAX_ROW_BYTES // 3), "a")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.json"])
def test_other_encodings_are_refused(name: str, encoding: str, tmp_path: Path) -> None:
    rows = "a,ü\n1,2\n" if name == "r.csv" else '{"a": "ü"}\n'
    with pytest.raises(WithholdingRefused):
        left_of(tmp_path, name, rows.encode(encoding), "a")
