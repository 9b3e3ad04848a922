"""Cases 45 to 67: safetensors files that lie in their header, their index or their metadata."""

from __future__ import annotations

import json
import struct
from typing import Any

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Expected, Family, Sparse, Variants
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.zips import torch_zip
from tests.checkpoint.pickles import honest
from tests.checkpoint.samples import entry, file_of

FAMILY = Family("safetensors")
R, Q = Expected.REJECT, Expected.QUARANTINE
NAME = "model.safetensors"
FOUR = struct.pack("<4f", 0.5, -0.25, 0.125, 1.0)
NAN, INFINITY = float("nan"), float("inf")


def honest_file(
    metadata: dict[str, Any] | None = None, name: str = "w", data: bytes = FOUR
) -> bytes:
    """One tensor of four floats."""
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    return file_of(header | {name: entry([4], 0, 16, "F32")}, data)


@FAMILY.case(45, "a header length of 2^63", R)
def length_2_63() -> Variants:
    for name, length in (
        ("2^63", 2**63),
        ("2^64-1", 2**64 - 1),
        ("2^63-1", 2**63 - 1),
        ("2^32", 2**32),
    ):
        yield one(name, length.to_bytes(8, "little") + b'{"a":1}' + bytes(64), NAME)


@FAMILY.case(46, "a header of 100 MB and one byte", R)
def length_100_mb() -> Variants:
    head = (100_000_001).to_bytes(8, "little") + b'{"w":'
    yield "sparse", {NAME: Sparse(head, 100_000_100)}
    yield one("short", head, NAME)


@FAMILY.case(47, "two tensors over the same bytes", R)
def overlap() -> Variants:
    for name, second in (("whole", (0, 16)), ("part", (8, 24)), ("inside", (4, 8))):
        shape = [(second[1] - second[0]) // 4]
        header = {"a": entry([4], 0, 16, "F32"), "b": entry(shape, *second, "F32")}
        yield one(name, file_of(header, bytes(max(16, second[1]))), NAME)


@FAMILY.case(48, "bytes that belong to no tensor", R)
def hole() -> Variants:
    header = {"a": entry([4], 0, 16, "F32"), "b": entry([4], 32, 48, "F32")}
    yield one("between", file_of(header, bytes(48)), NAME)
    yield one("before", file_of({"a": entry([4], 16, 32, "F32")}, bytes(32)), NAME)


@FAMILY.case(49, "bytes after the last tensor", R)
def trailing() -> Variants:
    for name, extra in (
        ("one", b"\0"),
        ("pickle", op.hostile()),
        ("script", b"\n#!/bin/sh\ntrue\n"),
    ):
        yield one(name, honest_file() + extra, NAME)


@FAMILY.case(50, "offsets past the end of the file", R)
def past_the_end() -> Variants:
    yield one("far", file_of({"w": entry([4], 0, 2**40, "F32")}, FOUR), NAME)
    yield one("one", file_of({"w": entry([17], 0, 17)}, FOUR), NAME)
    yield one("backwards", file_of({"w": entry([4], 16, 0, "F32")}, FOUR), NAME)
    yield one("negative", file_of({"w": entry([4], -16, 0, "F32")}, FOUR), NAME)
    yield one("no-data", file_of({"w": entry([4], 0, 16, "F32")}), NAME)


@FAMILY.case(51, "a shape whose product overflows", R)
def overflow() -> Variants:
    for name, shape in (("2^64", [2**32, 2**32]), ("wraps-to-16", [2**62 + 1, 4]), ("many", [2] * 70),
                        ("2^63", [2**63]), ("zero-and-huge", [0, 2**62, 2**62])):  # fmt: skip
        yield one(name, file_of({"w": entry(shape, 0, 16)}, FOUR), NAME)


@FAMILY.case(52, "a negative dimension", R)
def negative_dimension() -> Variants:
    for name, shape in (
        ("one", [-4]),
        ("two", [-2, -2]),
        ("float", [4.0]),
        ("text", ["4"]),
        ("true", [True]),
    ):
        yield one(name, file_of({"w": entry(shape, 0, 16, "F32")}, FOUR), NAME)


@FAMILY.case(53, "the same key twice", R)
def duplicate_key() -> Variants:
    good = json.dumps(entry([4], 0, 16, "F32"))
    yield one("tensor", file_of(f'{{"w":{good},"w":{good}}}'.encode(), FOUR), NAME)
    yield one("field", file_of(f'{{"w":{good[:-1]},"dtype":"U8"}}}}'.encode(), FOUR), NAME)
    metadata = '"__metadata__":{"a":"b"}'
    yield one("metadata", file_of(f'{{{metadata},{metadata},"w":{good}}}'.encode(), FOUR), NAME)
    yield one("escaped", file_of(f'{{"w":{good},"\\u0077":{good}}}'.encode(), FOUR), NAME)


@FAMILY.case(54, "whitespace before the header's brace", R)
def leading_whitespace() -> Variants:
    good = json.dumps({"w": entry([4], 0, 16, "F32")}).encode()
    for name, lead in (("space", b" "), ("newline", b"\n"), ("bom", b"\xef\xbb\xbf")):
        yield one(name, file_of(lead + good, FOUR), NAME)
    for name, tail in (("tab", b"\t"), ("newline-after", b"\n"), ("nul", b"\0")):
        yield one(name, file_of(good + tail, FOUR), NAME)


@FAMILY.case(55, "a header that is not UTF-8", R)
def bad_utf8() -> Variants:
    for name, bad in (("byte", b"\xff"), ("overlong", b"\xc0\xaf"), ("surrogate", b"\xed\xa0\x80")):
        good = json.dumps({"w": entry([4], 0, 16, "F32")}).encode()
        yield one(name, file_of(good.replace(b"w", b"w" + bad), FOUR), NAME)
    yield one("utf-16", file_of('{"w":1}'.encode("utf-16-le"), FOUR), NAME)
    lone = (
        b'{"__metadata__":{"a":"\\ud800"},'
        + json.dumps({"w": entry([4], 0, 16, "F32")}).encode()[1:]
    )
    yield one("escaped-surrogate", file_of(lone, FOUR), NAME)


@FAMILY.case(56, "metadata that is not text", R)
def metadata_types() -> Variants:
    for name, value in (
        ("number", 1),
        ("list", ["a"]),
        ("object", {"a": "b"}),
        ("null", None),
        ("true", True),
    ):
        yield one(name, honest_file({"format": value}), NAME)
    header = {"__metadata__": "text", "w": entry([4], 0, 16, "F32")}
    yield one("not-an-object", file_of(header, FOUR), NAME)


@FAMILY.case(57, "JSON a hundred thousand levels deep", R)
def deep_json() -> Variants:
    for name, opening, closing in (("lists", b"[", b"]"), ("objects", b'{"a":', b"}")):
        deep = b'{"w":' + opening * 100_000 + b"1" + closing * 100_000 + b"}"
        yield one(name, file_of(deep, FOUR), NAME)
    yield one("open", file_of(b'{"w":' + b"[" * 100_000, FOUR), NAME)


@FAMILY.case(58, "an empty header", R)
def empty_header() -> Variants:
    yield one("length-0", bytes(8), NAME)
    yield one("no-tensor", file_of({}), NAME)
    yield one("only-metadata", file_of({"__metadata__": {"format": "pt"}}), NAME)
    yield one("spaces", file_of(b"    ", FOUR), NAME)
    yield one("seven-bytes", b"\x02\0\0\0\0\0\0", NAME)


@FAMILY.case(59, "a dtype that does not exist", R)
def unknown_dtype() -> Variants:
    for dtype in ("F128", "OBJECT", "f32", "", "torch.float32", None, 5):
        yield one(str(dtype) or "empty", file_of({"w": entry([4], 0, 16, dtype)}, FOUR), NAME)


@FAMILY.case(60, "a tensor named ../", R)
def tensor_names() -> Variants:
    for number, name in enumerate(
        ("../../etc/passwd", "/etc/passwd", "a\x00b", "a\nb", "a\u202eb", "", "x" * 5000)
    ):
        yield one(f"name{number}", honest_file(name=name), NAME)


@FAMILY.case(61, "metadata with a script, an address or a _target_", Q)
def metadata_content() -> Variants:
    for name, value in (
        ("script", "<script>fetch('//x.example')</script>"), ("url", "see http://collector.example/p?q=1"),
        ("target", '{"_target_": "os.system", "command": "true"}'), ("html", "<img src=x onerror=alert(1)>"),
    ):  # fmt: skip
        yield one(name, honest_file({"config": value}), NAME)


@FAMILY.case(62, "metadata with a secret", R)
def metadata_secret() -> Variants:
    for name, value in (("hf", "hf_" + "aB3" * 11 + "x"), ("aws", "AKIA" + "QWERTYUIOPASDFGH"),
                        ("pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE")):  # fmt: skip
        yield one(name, honest_file({"note": f"token {value}"}), NAME)


@FAMILY.case(63, "weights that are not finite", Q)
def not_finite() -> Variants:
    for name, value in (("nan", NAN), ("inf", INFINITY), ("minus-inf", -INFINITY)):
        yield one(name, honest_file(data=struct.pack("<4f", 0.1, value, 0.2, 0.3)), NAME)
    halves = file_of({"w": entry([4], 0, 8, "F16")}, b"\x00\x7e" * 4)
    yield one("f16", halves, NAME)
    yield one("bf16", file_of({"w": entry([4], 0, 8, "BF16")}, b"\x80\x7f" + bytes(6)), NAME)


@FAMILY.case(64, "a file that is safetensors to one program and a zip to another", R)
def polyglot() -> Variants:
    zipped = torch_zip({"data.pkl": op.hostile()})
    yield one("appended", honest_file() + zipped, NAME)
    inside = len(zipped)
    yield one("in-a-tensor", file_of({"w": entry([inside], 0, inside)}, zipped), NAME)
    yield one(
        "honest-zip", honest_file() + torch_zip({"data.pkl": honest(), "data/0": bytes(16)}), NAME
    )


def sharded(weight_map: dict[str, str], shards: dict[str, list[str]]) -> dict[str, bytes]:
    files = {
        name: file_of({t: entry([1], 4 * i, 4 * i + 4, "F32") for i, t in enumerate(tensors)},
                      FOUR[:4] * len(tensors))
        for name, tensors in shards.items()
    }  # fmt: skip
    total = sum(4 * len(tensors) for tensors in shards.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    return files | {"model.safetensors.index.json": json.dumps(index).encode()}


ONE, TWO = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"


@FAMILY.case(65, "an index that points to a shard that is not there, or outside", R)
def index_escapes() -> Variants:
    shards = {ONE: ["a"], TWO: ["b"]}
    for name, target in (("missing", "model-00009-of-00002.safetensors"), ("parent", "../other.safetensors"),
                         ("absolute", "/etc/passwd"), ("other-shard", ONE), ("folder", "sub/../" + TWO)):  # fmt: skip
        yield name, sharded({"a": ONE, "b": target}, shards)
    yield "tensor-missing", sharded({"a": ONE, "b": TWO, "c": TWO}, shards)
    yield "tensor-unlisted", sharded({"a": ONE}, shards)


@FAMILY.case(66, "the same tensor in two shards", R)
def two_shards() -> Variants:
    yield "two", sharded({"a": ONE, "b": TWO}, {ONE: ["a"], TWO: ["a", "b"]})


@FAMILY.case(67, "an honest file", Expected.ACCEPT)
def honest_files() -> Variants:
    yield one("plain", honest_file(), NAME)
    yield one("metadata", honest_file({"format": "pt"}), NAME)
    yield "sharded", sharded({"a": ONE, "b": TWO}, {ONE: ["a"], TWO: ["b"]})
    padded = json.dumps({"w": entry([4], 0, 16, "F32")}).encode() + b"   "
    yield one("padded", file_of(padded, FOUR), NAME)
