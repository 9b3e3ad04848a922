"""231 to 239: our own attacks on safetensors, GGUF, ONNX, Keras and their kind."""

from __future__ import annotations

import json
import struct
from typing import Any

from tests.attacks.corpus import gguf_bytes as gg
from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Expected, Family, Sparse, Variants
from tests.attacks.corpus.gguf_bytes import LLAMA, Info, file_of, llama_file, pair
from tests.attacks.corpus.onnx_bytes import field, initializer, model, node
from tests.attacks.corpus.other_formats import HDF5, LAMBDA, keras
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.safetensors_files import FOUR, ONE, TWO, honest_file, sharded
from tests.attacks.corpus.zips import Member, archive
from tests.checkpoint.samples import entry
from tests.checkpoint.samples import file_of as safetensors_of

FAMILY = Family("beyond weights")
R, Q = Expected.REJECT, Expected.QUARANTINE
ST, GG = "model.safetensors", "model.gguf"


@FAMILY.case(231, "safetensors headers that parsers read differently", R)
def headers() -> Variants:
    good = json.dumps(entry([4], 0, 16, "F32")).encode()
    for name, raw in (
        ("comment", b'{/**/"w":' + good + b"}"), ("trailing-comma", b'{"w":' + good + b",}"),
        ("single-quotes", b"{'w':" + good + b"}"), ("number-key", b"{1:" + good + b"}"),
        ("two-objects", b'{"w":' + good + b"}{}"), ("array", b'[{"w":' + good + b"}]"),
        ("control", b'{"w\x01":' + good + b"}"), ("nul-escape", b'{"w\\u0000":' + good + b"}"),
        ("exponent", b'{"w":' + good.replace(b"[4]", b"[4e0]") + b"}"),
        ("leading-zero", b'{"w":' + good.replace(b"[4]", b"[04]") + b"}"),
        ("big-integer", b'{"w":' + good.replace(b"[4]", b"[" + b"9" * 5000 + b"]") + b"}"),
        ("float-offset", b'{"w":' + good.replace(b"16", b"16.0") + b"}"),
        ("three-offsets", b'{"w":' + good.replace(b"[0, 16]", b"[0, 8, 16]") + b"}"),
        ("extra-field", b'{"w":' + good[:-1] + b',"x":1}}'), ("no-dtype", b'{"w":{"shape":[4],"data_offsets":[0,16]}}'),
        ("case-field", b'{"w":' + good.replace(b"dtype", b"Dtype") + b"}"),
        ("many-dims", b'{"w":' + good.replace(b"[4]", b"[4" + b",1" * 5000 + b"]") + b"}"),
    ):  # fmt: skip
        yield one(name, safetensors_of(raw, FOUR), ST)
    yield one("no-braces", (2).to_bytes(8, "little") + b"[]", ST)
    yield one("length-one-more", (1000).to_bytes(8, "little") + b"{}" + bytes(20), ST)
    yield (
        "sparse-tensor",
        {ST: Sparse(safetensors_of({"w": entry([2**40], 0, 2**42, "F32")}), 1 << 20)},
    )


@FAMILY.case(232, "indexes that do not fit their shards", R)
def indexes() -> Variants:
    shards = {ONE: ["a"], TWO: ["b"]}
    good = sharded({"a": ONE, "b": TWO}, shards)
    name = "model.safetensors.index.json"
    for variant, raw in (
        ("duplicate", good[name].replace(b'"a":', b'"b": "x", "a":')), ("not-json", b"{"), ("array", b"[]"),
        ("number", good[name].replace(b'"' + ONE.encode() + b'"', b"1")), ("no-map", b'{"metadata": {}}'),
        ("nul", good[name].replace(ONE.encode(), b"a\\u0000.safetensors")), ("deep", b'{"weight_map":' + b"[" * 90_000),
        ("url", good[name].replace(ONE.encode(), b"https://x.example/a.safetensors")),
        ("pickle", good[name].replace(ONE.encode(), b"pytorch_model.bin")),
    ):  # fmt: skip
        yield variant, good | {name: raw}
    yield "damaged-shard", good | {TWO: good[TWO][:-1]}
    yield "pickle-shard", good | {TWO: op.hostile()}


@FAMILY.case(233, "GGUF metadata made for the bugs of C loaders", R)
def gguf_metadata() -> Variants:
    for name, raw in (
        ("empty-key", pair("", gg.U32, 1)), ("long-key", pair("a" * 70_000, gg.U32, 1)),
        ("key-not-utf8", pair(b"a\xff", gg.U32, 1)), ("key-nul", pair(b"a\0b", gg.U32, 1)),
        ("zero-heads", pair("llama.attention.key_length", gg.U32, 0)),
        ("alignment-huge", pair("general.alignment", gg.U32, 1 << 30)),
        ("bool-array", gg.array("a", gg.BOOL, [0, 1, 7])),
    ):  # fmt: skip
        yield one(name, llama_file([raw]), GG)
    rest = [raw for raw in (*LLAMA, *gg.tokenizer()) if b"tokens" not in raw]
    yield one(
        "tokens-as-numbers",
        llama_file(pairs=[*rest, gg.array("tokenizer.ggml.tokens", gg.U32, [1] * 8)]),
        GG,
    )
    yield one(
        "token-bytes",
        llama_file(pairs=[*rest, gg.array("tokenizer.ggml.tokens", gg.STRING, [b"\xff"] * 8)]),
        GG,
    )
    no_eos = [raw for raw in (*LLAMA, *gg.tokenizer()) if b"eos_token_id" not in raw]
    yield one(
        "eos-outside",
        llama_file(pairs=[*no_eos, pair("tokenizer.ggml.eos_token_id", gg.U32, 4_000_000)]),
        GG,
    )
    fewer = [raw for raw in LLAMA if b"block_count" not in raw]
    yield one(
        "blocks-2^31",
        llama_file(pairs=[*fewer, *gg.tokenizer(), pair("llama.block_count", gg.U32, 2**31)]),
        GG,
    )
    yield one(
        "split-lies", llama_file([pair("split.no", gg.U16, 5), pair("split.count", gg.U16, 2)]), GG
    )


@FAMILY.case(234, "GGUF tensors made for the bugs of C loaders", R)
def gguf_tensors() -> Variants:
    yield one("name-64", file_of(LLAMA, [Info("n" * 64 + "x")]), GG)
    yield one("name-escape", file_of(LLAMA, [Info("../../x")]), GG)
    yield one("name-nul", file_of(LLAMA, [Info("a\0b")]), GG)
    yield one("name-empty", file_of(LLAMA, [Info("")]), GG)
    yield one("row-of-half-a-block", file_of(LLAMA, [Info("w", (16, 8), gg.TYPE_Q4_0)]), GG)
    yield one("k-row", file_of(LLAMA, [Info("w", (128, 2), 12)]), GG)
    yield one("cut-info", file_of(LLAMA, [Info("w")])[:250], GG)
    yield one(
        "many-tensors",
        file_of(LLAMA, [Info(f"t{n}", (1,), offset=32 * n) for n in range(20)], b""),
        GG,
    )


@FAMILY.case(235, "instructions and pages in GGUF and safetensors metadata", Q)
def injected_metadata() -> Variants:
    for name, value in (
        ("script", "<script>fetch('//x.example')</script>"), ("target", '{"_target_": "os.system"}'),
    ):  # fmt: skip
        yield one(f"gguf-{name}", llama_file([pair("general.description", gg.STRING, value)]), GG)
        yield one(f"safetensors-{name}", honest_file({"note": value}), ST)


@FAMILY.case(236, "GGUF templates under keys that few look at", R)
def gguf_templates() -> Variants:
    ssti = "{{ ''.__class__.__mro__ }}"
    for key in ("tokenizer.chat_template.rag", "a.chat_template", "tokenizer.ggml.chat_template"):
        yield one(key, llama_file([pair(key, gg.STRING, ssti)]), GG)
    yield one(
        "renamed-file",
        llama_file([pair("tokenizer.chat_template", gg.STRING, ssti)]),
        "weights.bin",
    )


@FAMILY.case(237, "ONNX, Keras and TensorFlow by their smaller doors", R)
def graphs() -> Variants:
    yield one("onnx-windows-path", model(node("Relu"), initializer("..\\..\\x")), "model.onnx")
    yield one("onnx-null-path", model(node("Relu"), initializer("a\0b")), "model.onnx")
    function = field(25, field(1, "f") + field(7, node("Relu")))
    yield one(
        "onnx-function-domain", model(node("Relu"), initializer("/x")) + function, "model.onnx"
    )
    nested: dict[str, Any] = {
        "class_name": "Functional",
        "config": {"layers": [{"class_name": "Sequential", "config": {"layers": [LAMBDA]}}]},
    }
    yield one("keras-nested", keras(nested), "model.keras")
    yield one(
        "keras-type-of-lambda",
        keras({"module": "builtins", "class_name": "lambda", "config": {}}),
        "model.keras",
    )
    yield one(
        "keras-slip",
        archive(
            [Member("config.json", b"{}"), Member("../x", b"true"), Member("metadata.json", b"{}")]
        ),
        "m.keras",
    )
    saved = field(1, 1) + field(2, field(2, field(1, field(1, "x") + field(2, "ReadFile"))))
    yield one("saved-model", saved, "saved_model.pb")
    yield (
        "skops",
        {
            "model.skops": archive(
                [
                    Member(
                        "schema.json",
                        json.dumps({"__class__": "system", "__module__": "os"}).encode(),
                    )
                ]
            )
        },
    )


@FAMILY.case(238, "weights of which a part is no number, or no weight", Q)
def strange_numbers() -> Variants:
    big = struct.pack("<f", 3e38) * 4
    yield one("huge", safetensors_of({"w": entry([4], 0, 16, "F32")}, big), ST)
    last = bytes(4 * 4095) + struct.pack("<f", float("nan"))
    yield one("last-of-many", safetensors_of({"w": entry([4096], 0, 16384, "F32")}, last), ST)
    yield one(
        "f64",
        safetensors_of({"w": entry([2], 0, 16, "F64")}, struct.pack("<2d", 1.0, float("inf"))),
        ST,
    )
    yield one("f8", safetensors_of({"w": entry([4], 0, 4, "F8_E4M3")}, b"\x7f\x7f\x00\x01"), ST)
    infos = gg.llama_infos()
    data = bytearray(gg.llama_data(infos))
    data[40:44] = struct.pack("<f", float("inf"))
    yield one("gguf", file_of([*LLAMA, *gg.tokenizer()], infos, bytes(data)), GG)


@FAMILY.case(239, "formats that may carry a program, and here show none", Q)
def carriers() -> Variants:
    yield one("h5", HDF5, "model.h5")
    yield one("h5-block", bytes(512) + HDF5, "model.h5")
    yield one("tflite", b"\x1c\0\0\0TFL3" + bytes(64), "model.tflite")
    yield one(
        "keras-registered",
        keras({"module": None, "class_name": "X", "registered_name": "acme>X", "config": {}}),
        "m.keras",
    )
