"""Cases 68 to 86: GGUF files made for the bugs of C loaders and of wrappers around them."""

from __future__ import annotations

import json
import struct

from tests.attacks.corpus import gguf_bytes as gg
from tests.attacks.corpus.case import Expected, Family, Variants
from tests.attacks.corpus.gguf_bytes import LLAMA, Info, file_of, llama_file, pair, tokenizer
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.zips import torch_zip
from tests.checkpoint.pickles import honest

FAMILY = Family("GGUF")
R, Q = Expected.REJECT, Expected.QUARANTINE
NAME = "model.gguf"
SSTI = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
PLAIN = "{% for m in messages %}<s>{{ m['role'] }}: {{ m['content'] }}</s>{% endfor %}"


@FAMILY.case(68, "2^62 tensors", R)
def tensor_count() -> Variants:
    for name, count in (
        ("2^62", 2**62),
        ("2^64-1", 2**64 - 1),
        ("one-more", 2),
        ("100001", 100_001),
    ):
        yield one(name, file_of(LLAMA, [Info("w")], n_infos=count), NAME)


@FAMILY.case(69, "2^62 metadata pairs", R)
def pair_count() -> Variants:
    for name, count in (("2^62", 2**62), ("2^64-1", 2**64 - 1), ("one-more", len(LLAMA) + 1)):
        yield one(name, file_of(LLAMA, n_pairs=count), NAME)


@FAMILY.case(70, "a text of 2^64-1 bytes", R)
def text_length() -> Variants:
    for name, length in (
        ("2^64-1", 2**64 - 1),
        ("2^63", 2**63),
        ("2^32", 2**32),
        ("past-end", 10_000),
    ):
        key = gg.text("general.name", length) + struct.pack("<I", gg.U32) + b"\0\0\0\0"
        yield one(f"key-{name}", file_of([*LLAMA, key]), NAME)
        bad = gg.text("general.name") + struct.pack("<I", gg.STRING) + gg.text("x", length)
        yield one(f"value-{name}", file_of([*LLAMA, bad]), NAME)


@FAMILY.case(71, "an array of 2^61 items", R)
def array_count() -> Variants:
    for kind in (gg.U8, gg.BOOL, gg.F64, gg.STRING, gg.ARRAY):
        items = [] if kind in (gg.STRING, gg.ARRAY) else [0]
        yield one(f"type{kind}", file_of([*LLAMA, gg.array("a", kind, items, 2**61)]), NAME)


@FAMILY.case(72, "arrays nested five thousand times", R)
def nested_arrays() -> Variants:
    level = struct.pack("<IQ", gg.ARRAY, 1)
    nested = (
        gg.text("a") + struct.pack("<I", gg.ARRAY) + level * 5000 + struct.pack("<IQB", gg.U8, 1, 0)
    )
    yield one("5000", file_of([*LLAMA, nested]), NAME)
    twice = gg.text("a") + struct.pack("<I", gg.ARRAY) + level + struct.pack("<IQB", gg.U8, 1, 0)
    yield one("2", file_of([*LLAMA, twice]), NAME)


@FAMILY.case(73, "a metadata type that does not exist", R)
def unknown_type() -> Variants:
    for kind in (13, 99, 2**32 - 1):
        yield one(f"{kind}", file_of([*LLAMA, gg.text("a") + struct.pack("<IQ", kind, 0)]), NAME)
    yield one(
        "in-array",
        file_of([*LLAMA, gg.text("a") + struct.pack("<IIQ", gg.ARRAY, 77, 1) + b"\0" * 8]),
        NAME,
    )
    yield one("bool-2", file_of([*LLAMA, pair("a", gg.BOOL, 2)]), NAME)


@FAMILY.case(74, "a tensor of five dimensions", R)
def dimensions() -> Variants:
    yield one("five", file_of(LLAMA, [Info("w", (1, 1, 1, 1, 128))]), NAME)
    for count in (0, 1000, 2**32 - 1):
        yield one(f"claims-{count}", file_of(LLAMA, [Info("w", n_dims=count)]), NAME)


@FAMILY.case(75, "dimensions whose product wraps around", R)
def product_overflow() -> Variants:
    for name, dims in (("2^64", (2**42 + 1, 2**22)), ("2^63", (2**32, 2**31)), ("zero", (0, 4)),
                       ("negative", (2**64 - 32, 4)), ("sum", (2**60, 4))):  # fmt: skip
        yield one(name, file_of(LLAMA, [Info("w", dims)]), NAME)


@FAMILY.case(76, "a tensor type that does not exist", R)
def tensor_type() -> Variants:
    for kind in (4, 5, 255, 2**32 - 1):
        yield one(f"{kind}", file_of(LLAMA, [Info("w", kind=kind)]), NAME)
    yield one("row-not-whole", file_of(LLAMA, [Info("w", (33, 4), kind=gg.TYPE_Q8_0)]), NAME)


@FAMILY.case(77, "a tensor outside of the file", R)
def offsets() -> Variants:
    for name, offset in (("far", 2**40), ("negative", 2**64 - 32), ("unaligned", 7), ("end", 512)):
        yield one(name, file_of(LLAMA, [Info("w", offset=offset)]), NAME)
    yield one("overlap", file_of(LLAMA, [Info("v"), Info("w", offset=256)]), NAME)
    yield one("same", file_of(LLAMA, [Info("v"), Info("w")]), NAME)
    yield one("hole", file_of(LLAMA, [Info("v"), Info("w", offset=1024)], bytes(1536)), NAME)


@FAMILY.case(78, "the same key, or the same tensor, twice", R)
def duplicates() -> Variants:
    yield one("key", file_of([*LLAMA, pair("general.architecture", gg.STRING, "gpt2")]), NAME)
    yield one("tensor", file_of(LLAMA, [Info("w"), Info("w", offset=512)]), NAME)
    long = [Info("w" * 65)]
    yield one("name-too-long", file_of(LLAMA, long), NAME)


@FAMILY.case(79, "an alignment of 0, 3 or text", R)
def alignment() -> Variants:
    for number in (0, 3, 2**31):
        yield one(
            f"{number}",
            file_of([*LLAMA, pair("general.alignment", gg.U32, number)], [Info("w")]),
            NAME,
        )
    yield one(
        "text", file_of([*LLAMA, pair("general.alignment", gg.STRING, "32")], [Info("w")]), NAME
    )
    yield one("u64", file_of([*LLAMA, pair("general.alignment", gg.U64, 32)], [Info("w")]), NAME)
    listed = gg.array("general.alignment", gg.U32, [32])
    yield one("array", file_of([*LLAMA, listed], [Info("w")]), NAME)


@FAMILY.case(80, "a version from nowhere, or the other byte order", R)
def versions() -> Variants:
    for version in (0, 1, 99, 2**32 - 1, 3 << 24):
        yield one(f"{version}", file_of(LLAMA, version=version), NAME)
    big = (
        b"GGUF"
        + struct.pack(">IQQ", 3, 0, 1)
        + struct.pack(">Q", 1)
        + b"a"
        + struct.pack(">IB", 0, 0)
    )
    yield one("big-endian", big, NAME)
    for magic in (b"ggml", b"ggjt", b"FUGG"):
        yield one(magic.decode(), file_of(LLAMA, magic=magic), NAME)
    yield one("only-magic", b"GGUF", NAME)


@FAMILY.case(81, "scores that are no floats", R)
def tokenizer_types() -> Variants:
    yield one("u8", llama_file(pairs=[*LLAMA, *tokenizer(gg.U8)]), NAME)
    rest = [raw for raw in tokenizer() if b"scores" not in raw and b"token_type" not in raw]
    short = gg.array("tokenizer.ggml.scores", gg.F32, [0.0] * 3)
    yield one("short", llama_file(pairs=[*LLAMA, *rest, short]), NAME)
    typed = gg.array("tokenizer.ggml.token_type", gg.STRING, ["a"] * 8)
    yield one("types-as-text", llama_file(pairs=[*LLAMA, *rest, typed]), NAME)
    merged = gg.array("tokenizer.ggml.merges", gg.U32, [1, 2])
    yield one("merges-as-numbers", llama_file([merged]), NAME)


@FAMILY.case(82, "a chat template that reaches for classes", R)
def template() -> Variants:
    for key in ("tokenizer.chat_template", "tokenizer.chat_template.tool_use"):
        yield one(key.rpartition(".")[2], llama_file([pair(key, gg.STRING, SSTI)]), NAME)
    yield one(
        "no-weights", file_of([*LLAMA, pair("tokenizer.chat_template", gg.STRING, SSTI)]), NAME
    )
    hidden = pair("general.description", gg.STRING, "x" * 70_000)
    yield one(
        "far-in", llama_file([hidden, pair("tokenizer.chat_template", gg.STRING, SSTI)]), NAME
    )


@FAMILY.case(83, "another chat template than the folder's", Q)
def other_template() -> Variants:
    other = PLAIN.replace("{{ m['role'] }}", "{{ m['role'] | upper }}")
    files = {NAME: llama_file([pair("tokenizer.chat_template", gg.STRING, other)])}
    yield "jinja", {**files, "chat_template.jinja": PLAIN.encode()}
    config = {"chat_template": PLAIN, "eos_token": "</s>"}
    yield "tokenizer-config", {**files, "tokenizer_config.json": json.dumps(config).encode()}


@FAMILY.case(84, "a shape that is larger than the data", R)
def more_shape_than_data() -> Variants:
    yield one("one-row", file_of(LLAMA, [Info("w", (32, 5))]), NAME)
    whole = llama_file()
    yield one("cut", whole[:-4], NAME)
    yield one("half", whole[: len(whole) // 2], NAME)


@FAMILY.case(85, "a zip or an executable after the last tensor", R)
def trailing() -> Variants:
    whole = llama_file()
    for name, extra in (("zip", torch_zip({"data.pkl": honest()})), ("elf", b"\x7fELF" + bytes(60)),
                        ("one-byte", b"x"), ("page", bytes(4096))):  # fmt: skip
        yield one(name, whole + extra, NAME)


@FAMILY.case(86, "an honest file", Expected.ACCEPT)
def honest_file() -> Variants:
    yield one("llama", llama_file(), NAME)
    yield one("template", llama_file([pair("tokenizer.chat_template", gg.STRING, PLAIN)]), NAME)
    same = {NAME: llama_file([pair("tokenizer.chat_template", gg.STRING, PLAIN)])}
    yield "same-template", {**same, "chat_template.jinja": PLAIN.encode()}
