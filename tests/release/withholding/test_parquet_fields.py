"""Parquet files lose a column or a nested field, and every trace of it."""

from __future__ import annotations

import datetime
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.release.errors import WithholdingRefused
from paddock.release.leaks.check import check_leaks
from paddock.release.spec.reader import parse_release
from paddock.release.withholding.data_fields import Wanted, without_fields
from paddock.release.withholding.parquet_fields import row_texts
from paddock.release.withholding.selection import select
from tests.attacks.corpus.case import write_tree
from tests.attacks.corpus.release_trees import model_files
from tests.release.building.small import HEAD

SECRET = "ada@shop.example-secret"
ROWS: dict[str, Any] = {
    "question": ["When?", None, "Where?"],
    "mail": [SECRET, SECRET, None],
    "user": [{"mail": SECRET, "n": 1}, None, {"mail": None, "n": 3}],
    "turns": [[{"who": SECRET, "text": "x"}], None, [{"who": "w", "text": "y"}, None]],
    "amount": [Decimal("1.50"), None, Decimal("2.25")],
    "day": [datetime.date(2026, 11, 20)] * 3,
    "raw": [b"\0\xff", None, b""],
}


def written(path: Path, rows: dict[str, Any] = ROWS, **options: Any) -> Path:
    fields = [pa.field(name, pa.array(values).type, metadata={"by": SECRET})
              for name, values in rows.items()]  # fmt: skip
    table = pa.table(rows, schema=pa.schema(fields, metadata={"pandas": SECRET}))
    pq.write_table(table, path, row_group_size=2, **options)
    return path


def left_of(path: Path, name: str, replace: Any = "drop") -> tuple[bytes, Wanted]:
    out, wanted = io.BytesIO(), Wanted(name, replace)
    without_fields(path, out.write, [wanted])
    return out.getvalue(), wanted


def test_a_column_goes_with_its_statistics_dictionaries_and_metadata(tmp_path: Path) -> None:
    rows = {name: ROWS[name] for name in ("question", "mail", "amount")}
    path = written(tmp_path / "r.parquet", rows, compression="none")
    assert path.read_bytes().count(SECRET.encode()) > 3  # values, statistics, metadata
    left, wanted = left_of(path, "mail")
    assert SECRET.encode() not in left
    table = pq.ParquetFile(io.BytesIO(left))
    assert table.num_row_groups == 2
    assert table.read().to_pydict() == {k: v for k, v in rows.items() if k != "mail"}
    assert wanted.lost.rows == 3


@pytest.mark.parametrize("name", ["user.mail", "turns.who"])
@pytest.mark.parametrize("replace", ["drop", "zero"])
def test_a_field_of_records_goes_and_what_is_beside_it_stays(
    name: str, replace: str, tmp_path: Path
) -> None:
    rows = {**ROWS, "mail": ["x"] * 3}
    left, wanted = left_of(written(tmp_path / "r.parquet", rows), name, replace)
    found = pq.read_table(io.BytesIO(left)).to_pydict()
    column, _, field = name.partition(".")
    for key, values in rows.items():
        assert found[key] == (values if key != column else _without(values, field, replace))
    assert wanted.lost.rows == 2


def _without(value: Any, field: str, replace: str) -> Any:
    if isinstance(value, list):
        return [_without(each, field, replace) for each in value]
    if not isinstance(value, dict):
        return value
    left = {key: each for key, each in value.items() if key != field}
    return left if replace == "drop" else {**value, field: None}


@settings(max_examples=20, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "a": st.none() | st.text(max_size=4),
                "b": st.none() | st.integers(-5, 5),
                "c": st.none() | st.lists(st.none() | st.fixed_dictionaries(
                    {"d": st.none() | st.integers(0, 9), "e": st.none() | st.text(max_size=3)}
                ), max_size=3),
            }
        ),
        min_size=1, max_size=9,
    ),
    name=st.sampled_from(["a", "b", "c", "c.d", "c.e"]),
)  # fmt: skip
def test_everything_but_the_field_is_kept(
    rows: list[dict[str, Any]], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    record = pa.struct([("d", pa.int64()), ("e", pa.string())])
    schema = pa.schema([("a", pa.string()), ("b", pa.int64()), ("c", pa.list_(record))])
    path = tmp_path_factory.mktemp("rows") / "r.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=3)
    try:
        left, _ = left_of(path, name)
    except WithholdingRefused as e:  # no row has the field
        assert "has no field" in e.message
        return
    column, _, field = name.partition(".")
    wanted = [
        {k: _without(v, field, "drop") if k == column else v for k, v in row.items()
         if field or k != column}
        for row in rows
    ]  # fmt: skip
    assert pq.read_table(io.BytesIO(left)).to_pylist() == wanted


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = (written(tmp_path / f"{n}.parquet", compression=n) for n in ("zstd", "snappy"))
    assert left_of(one, "mail")[0] == left_of(one, "mail")[0]
    assert left_of(one, "mail")[1].lost.digest.digest() == (
        left_of(two, "mail")[1].lost.digest.digest()
    )


def broken(folder: Path, kind: str) -> Path:
    path = written(folder / "r.parquet")
    raw = path.read_bytes()
    match kind:
        case "text":
            raw = b"question,mail\n"
        case "encrypted":
            raw = raw[:-4] + b"PARE"
        case "length":
            raw = raw[:-8] + b"\xff\xff\xff\x7f" + raw[-4:]
        case "footer":
            raw = raw[:-200] + b"\x19\xfc\xff\xff\xff\x0f" * 20 + raw[-80:]
        case "page":
            raw = raw[:10] + b"\xff" * 200 + raw[210:]
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("kind", ["text", "encrypted", "length", "footer", "page"])
def test_what_is_not_whole_parquet_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(WithholdingRefused, match=r"r\.parquet"):
        left_of(broken(tmp_path, kind), "mail")


@pytest.mark.parametrize(
    ("rows", "name", "said"),
    [
        ({"a": [1]}, "b", "has no field 'b'"),
        ({"a": [1]}, "a.b", "has no field 'a.b'"),
        ({"a": [1]}, "a", "nothing of r.parquet is left"),
        ({"a": [{"b": 1}]}, "a.b", "its record is empty"),
        ({"a": [1], "A": [2]}, "a", "two columns of one name"),
    ],
)
def test_what_cannot_be_taken_out_is_said(
    rows: dict[str, Any], name: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(WithholdingRefused, match=said):
        left_of(written(tmp_path / "r.parquet", rows), name)


def test_a_column_whose_name_has_a_dot_is_that_column(tmp_path: Path) -> None:
    left, _ = left_of(written(tmp_path / "r.parquet", {"a.b": [SECRET], "c": [1]}), "a.b")
    assert pq.read_table(io.BytesIO(left)).to_pydict() == {"c": [1]}


def sections(rule: str) -> str:
    return (f"metadata: {{name: Shop, version: 1.0.0}}\ncomponents:\n- name: Datasets\n"
            f"  access: open\n  path: data/\n  withhold: [{rule}]\n")  # fmt: skip


RULE = '{field: {file: "data/*.parquet", name: %s}, reason: privacy}'


def test_a_plan_says_which_columns_there_are(tmp_path: Path) -> None:
    source = write_tree(tmp_path, {**model_files(), "data/x": b""})
    written(source / "data" / "r.parquet")
    spec = parse_release((HEAD + sections(RULE % "nobody")).encode(), "release.yaml")
    (check,) = select(source, spec).checks
    assert check.status == "unmet"
    assert "has no field 'nobody'" in check.sentence
    assert "'question', 'mail'" in str(check.hint)


def test_a_withheld_field_is_found_in_another_table(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {**model_files(), "data/x": b""})
    values = [f"customer number {n * 7919} of the shop" for n in range(200)]
    written(source / "data" / "r.parquet", {"q": ["x"] * 200, "mail": values})
    spec = parse_release((HEAD + sections(RULE % "mail")).encode(), "release.yaml")
    withheld = select(source, spec)
    release = tmp_path / "release"
    release.mkdir()
    clean, _ = left_of(source / "data" / "r.parquet", "mail")
    (release / "clean.parquet").write_bytes(clean)
    report = check_leaks(release, source, withheld)
    assert report.is_clean, report
    written(release / "other.parquet", {"who": [[v] for v in values[50:90]]}, compression="zstd")
    report = check_leaks(release, source, withheld)
    assert [f.path for f in report.findings] == ["other.parquet!rows.jsonl"]
    written(release / "other.parquet", {"who": [1]}, write_page_index=True)
    assert "are in no column" in check_leaks(release, source, withheld).unread[0].reason


def test_rows_are_told_as_lines_of_json(tmp_path: Path) -> None:
    with written(tmp_path / "r.parquet").open("rb") as file:
        *said, first, _, last = row_texts(file, "r.parquet")
    assert SECRET.encode() in b"".join(said)
    assert json.loads(first)["raw"] == "AP8="
    assert json.loads(last) == {
        "question": "Where?", "mail": None, "user": {"mail": None, "n": 3},
        "turns": [{"who": "w", "text": "y"}, None], "amount": "2.25", "day": 20777, "raw": "",
    }  # fmt: skip


def test_a_table_that_cannot_be_read_is_told_and_not_passed_over(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {**model_files(), "data/x": b""})
    written(source / "data" / "r.parquet")
    spec = parse_release((HEAD + sections(RULE % "mail")).encode(), "release.yaml")
    withheld = select(source, spec)
    (tmp_path / "release").mkdir()
    broken(tmp_path / "release", "page")
    report = check_leaks(tmp_path / "release", source, withheld)
    assert "not usable Parquet" in report.unread[0].reason, report.unread
