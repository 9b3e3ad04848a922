"""Withheld files and data fields: whole, in part, in other words' clothes."""

from __future__ import annotations

import bz2
import json
from pathlib import Path

import numpy as np
import pytest

from paddock.release.leaks.check import check_leaks
from paddock.release.leaks.report import LeakReport
from paddock.release.withholding.withheld import Withheld
from tests.release.leaks.releases import (
    noise,
    packed,
    withholding_field,
    withholding_file,
    write,
    zipped,
)

DRAW = np.random.Generator(np.random.PCG64(3))
WORDS = [
    f"{stem}{end}" for stem in ("ru", "mo", "tal", "ver", "sin") for end in ("a", "ek", "ion", "ur")
]
LETTER = " ".join(DRAW.choice(WORDS, 900)).encode()
BINARY = DRAW.integers(0, 256, 6000, np.uint8).tobytes()
ROWS = [
    {
        "id": i,
        "text": f"public text {i}",
        "note": f"Patient {1000 + 7 * i} said {LETTER[i * 9 : i * 9 + 40].decode()}",
    }
    for i in range(60)
]


def compared(
    folder: Path, withheld: Withheld, source: dict[str, bytes], release: dict[str, bytes]
) -> LeakReport:
    return check_leaks(
        write(folder / "release", release), write(folder / "source", source), withheld
    )


@pytest.mark.parametrize(
    "files",
    [
        {"b.txt": LETTER},
        {"b.txt": b"before " * 99 + LETTER + b" behind"},
        {"b.txt": LETTER[500:-700]},
        {"b.txt": LETTER.upper().replace(b" ", b"\r\n")},
        {"b.json": json.dumps({"x": LETTER.decode().replace(" ", ", ")}).encode()},
        {"b.txt": LETTER.decode().encode("utf-16")},
        {"b.bz2": bz2.compress(LETTER)},
        {"b.zip": zipped({"c.txt": LETTER[2000:]})},
        {"b.md": b"`" + LETTER.hex().encode() + b"`"},
    ],
)
def test_a_withheld_text_is_found(files: dict[str, bytes], tmp_path: Path) -> None:
    report = compared(tmp_path, withholding_file("a.txt"), {"a.txt": LETTER}, files)
    assert [finding.withheld for finding in report.findings] == ["a.txt"]


def test_a_withheld_binary_is_found_inside_another(tmp_path: Path) -> None:
    files = {"c.bin": b"head" + BINARY[1000:5000] + bytes(400)}
    report = compared(tmp_path, withholding_file("a.bin"), {"a.bin": BINARY}, files)
    assert report.findings[0].disguise == "the same bytes"


def test_a_withheld_archive_is_found_unpacked(tmp_path: Path) -> None:
    source = {"a.zip": zipped({"inner.txt": LETTER})}
    report = compared(tmp_path, withholding_file("a.zip"), source, {"b.txt": LETTER})
    assert not report.is_clean


def test_the_tensors_of_a_withheld_file_are_found_quantised(tmp_path: Path) -> None:
    source = {"adapter/a.safetensors": packed({"lora": noise(1)})}
    files = {"b.safetensors": packed({"x": np.round(noise(1) * 400).astype(np.int8)})}
    report = compared(tmp_path, withholding_file("adapter/a.safetensors"), source, files)
    assert report.findings[0].withheld == "adapter/a.safetensors: lora"


def test_a_short_withheld_text_is_found(tmp_path: Path) -> None:
    source = {"a.txt": b"The canary is Kestrel-Ninety-One."}
    files = {"b.md": b"# notes\nand so the canary is  kestrel ninety one, they said"}
    assert not compared(tmp_path, withholding_file("a.txt"), source, files).is_clean


def test_what_anybody_might_write_is_no_evidence(tmp_path: Path) -> None:
    report = compared(tmp_path, withholding_file("a.txt"), {"a.txt": b"yes\n"}, {"b.txt": b"yes\n"})
    assert not report.findings
    assert report.notes == ("too little or too common to be recognised: a.txt",)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS[7]["note"]).encode(),
        f"x,y\n1,{str(ROWS[7]['note']).upper()}\n".encode(),
        f"<p>{ROWS[7]['note']}</p>".encode(),
    ],
)
def test_a_withheld_value_is_found(text: bytes, tmp_path: Path) -> None:
    source = {"d.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode()}
    report = compared(tmp_path, withholding_field("d.jsonl", "note"), source, {"b.txt": text})
    assert [f.withheld for f in report.findings] == ["d.jsonl#note"]


def test_rows_without_the_field_are_clean(tmp_path: Path) -> None:
    source = {"d.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode()}
    rows = "".join(json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in ROWS)
    files = {"d.jsonl": rows.encode()}
    assert compared(tmp_path, withholding_field("d.jsonl", "note"), source, files).is_clean


def test_values_that_many_rows_share_are_named_not_looked_for(tmp_path: Path) -> None:
    rows = [{"id": i, "kind": "category number one"} for i in range(9)]
    source = {"d.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode()}
    files = {"b.txt": b"category number one"}
    report = compared(tmp_path, withholding_field("d.jsonl", "kind"), source, files)
    assert report.is_clean
    assert "9 values of d.jsonl#kind" in report.notes[0]


def test_nothing_withheld_means_no_conditions(tmp_path: Path) -> None:
    assert compared(tmp_path, Withheld(), {}, {"a.txt": b"x"}).checks == ()
