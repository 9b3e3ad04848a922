"""The report of everyone who asked: whole, and no program when it is opened."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

from paddock.hub.gates.lists import Request
from paddock.hub.gates.report import as_csv, as_json
from paddock.hub.types import Account

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def asked(full_name: str, **fields: str) -> Request:
    user = Account(1, "0" * 24, "user", "ann", full_name, "a@b.c", False, False, NOON)
    return Request("1" * 24, user, "accepted", "a@b.c", NOON, fields or None, NOON, "boss", None)


def test_a_table_holds_no_formula() -> None:
    evil = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "%x", "a\n=1", 'q"=1']
    rows = list(csv.reader(b"".join(as_csv([asked(e, Why=e) for e in evil])).decode().splitlines()))
    table = list(
        csv.DictReader(iter(b"".join(as_csv(map(asked, evil))).decode().splitlines(keepends=True)))
    )
    assert rows[0][:2] == ["user", "fullname"]
    for row, text in zip(table, evil, strict=True):
        assert row["fullname"].removeprefix("'") == text
        assert not row["fullname"].startswith(("=", "+", "-", "@", "\t", "%"))


def test_the_json_report_is_json_however_many_asked() -> None:
    assert json.loads(b"".join(as_json([]))) == []
    told = json.loads(b"".join(as_json([asked("Ann", Why="é"), asked("Ben")])))
    assert [one["fullname"] for one in told] == ["Ann", "Ben"]
    assert told[0]["fields"] == {"Why": "é"} and told[0]["time"] == "2026-01-31T12:00:00.000Z"
