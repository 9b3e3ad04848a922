"""201 to 219: our own attacks on the pickle reader, after published ways around scanners."""

from __future__ import annotations

import base64
import gzip

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Expected, Family, Variants
from tests.attacks.corpus.numpy_bytes import array, encoded, npy
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.zips import Member, archive, torch_zip
from tests.checkpoint.pickles import honest, rebuilt, storage

FAMILY = Family("beyond pickles")
R = Expected.REJECT
SYSTEM = op.named("os", "system")


@FAMILY.case(201, "protocol 0 that begins like text", R)
def text_like() -> Variants:
    attack = op.call(SYSTEM, op.line_text("true"))
    for name, lead in (("number", b"I1\n0"), ("true", b"I01\n0"), ("string", b"S'notes'\n0"), ("text", b"Vnotes\n0"),
                       ("float", b"F1.5\n0"), ("long", b"L1L\n0"), ("none", b"N0"), ("list", b"(lp0\n0"), ("dict", b"(dp1\n0"),
                       ("mark", b"((((1111"), ("memo", b"Va\np0\n0"), ("many", b"I1\n0" * 3000)):  # fmt: skip
        for file in ("notes.txt", "model.bin", "config.json"):
            yield one(f"{name}-{file}", lead + attack + op.STOP, file)
    yield one("json-key", b'V{"a": 1}\n0' + attack + op.STOP, "config.json")
    yield one("comment", b"V# a model\n0" + attack + op.STOP, "README.md")
    yield one("shebang-free", b"(S'true'\nios\nsystem\n.", "notes.txt")
    yield one("far-in", b"V" + b"words " * 30_000 + b"\n0" + attack + op.STOP, "notes.txt")


@FAMILY.case(202, "a loader that skips what stands before: bytes, then a pickle", R)
def not_at_the_start() -> Variants:
    for name, lead in (
        ("newline", b"\n"),
        ("nul", b"\0"),
        ("bom", b"\xef\xbb\xbf"),
        ("json", b"{}\n"),
    ):
        yield one(name, lead + op.hostile(2), "model.pkl")
    yield one(
        "torch-magic", op.proto(2) + b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + op.hostile(), "m.pt"
    )
    legacy = op.proto(2) + b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19." + op.proto(2) + b"M\xe9\x03."
    yield one(
        "legacy-fourth", legacy + op.proto(2) + b"}." + op.hostile() + op.proto(2) + b"].", "m.pt"
    )
    yield one("legacy-fifth", legacy + op.proto(2) + b"}." + honest() + op.hostile(), "m.pt")


@FAMILY.case(203, "tensor rebuilders given what they do not take", R)
def rebuilders() -> Variants:
    for name in ("_import_dotted_name", "_get_obj_state", "_set_obj_state", "classproperty"):
        yield one(name, op.calling("torch._utils", name, "os.system"))
    yield one("type-v2", op.proto(2) + op.call(op.named("torch._tensor", "_rebuild_from_type_v2"), SYSTEM,
              SYSTEM, op.tuple_of(op.text("true")), op.EMPTY_DICT) + op.STOP)  # fmt: skip
    yield one(
        "storage-class",
        op.proto(2)
        + b"}"
        + op.text("w")
        + rebuilt(
            ref=op.tuple_of(op.text("storage"), SYSTEM, op.text("0"), op.text("cpu"), op.number(4))
            + op.PERSISTENT
        )
        + b"s.",
    )
    yield one("hooks", op.proto(2) + rebuilt().replace(b"\x89}tR", b"\x89" + SYSTEM + b"tR") + b".")
    yield one(
        "dict-subclass",
        op.proto(2) + op.call(op.named("collections", "defaultdict"), SYSTEM) + b".",
    )
    yield one(
        "counter",
        op.proto(2)
        + op.call(op.named("collections", "namedtuple"), op.text("x"), op.text("y"))
        + b".",
    )


@FAMILY.case(204, "a name that passes for an allowed one", R)
def lookalikes() -> Variants:
    for module, name in (
        ("torch._utils", "_rebuild_tensor_v2 "), ("torch._utils\r", "_rebuild_tensor_v2"), ("Torch._utils", "_rebuild_tensor_v2"),
        ("torch._utils.os", "system"), ("torch", "os.system"), ("torch.storage", "os"), ("collections", "_sys.modules"),
        ("collections", "OrderedDict.__init__.__globals__"), ("torch", "FloatStorage.__class__"), ("torch", "FloatStorage._new_shared"),
        ("numpy", "ndarray.__array_function__"), ("numpy", "f2py"), ("numpy.core.multiarray", "fromfile"), ("torсh", "FloatStorage"),
        ("torch.serialization", "os"), ("_codecs", "lookup"), ("codecs", "open"), ("builtins", "bytearray.__class__"), ("torch", "load_library"),
    ):  # fmt: skip
        yield one(
            f"{module}.{name}".strip(),
            op.proto(4) + op.call(op.global_of(module, name, 4), op.text("true")) + b".",
        )
    yield one(
        "codec",
        op.proto(2)
        + op.call(op.named("_codecs", "encode"), op.text("true"), op.text("unicode_escape"))
        + b".",
    )
    yield one(
        "codec-hex",
        op.proto(2)
        + op.call(op.named("_codecs", "decode"), op.text("true"), op.text("zip"))
        + b".",
    )
    yield one(
        "codec-three",
        op.proto(2)
        + op.call(op.named("_codecs", "encode"), op.text("a"), op.text("utf-8"), op.text("x"))
        + b".",
    )


@FAMILY.case(205, "ways to call without REDUCE", R)
def other_calls() -> Variants:
    yield one("newobj", op.proto(2) + SYSTEM + op.tuple_of(op.text("true")) + op.NEWOBJ + b".")
    yield one(
        "newobj-ex",
        op.proto(4) + SYSTEM + op.tuple_of(op.text("true")) + b"}" + op.NEWOBJ_EX + b".",
    )
    yield one(
        "obj-no-arguments",
        op.proto(1) + op.MARK + op.named("builtins", "breakpoint") + op.OBJ + b".",
    )
    yield one(
        "inst-protocol-5", op.proto(5) + op.instance("os", "system", op.line_text("true")) + b"."
    )
    yield one(
        "setitems",
        op.proto(2)
        + op.call(op.named("collections", "ChainMap"), b"}")
        + b"("
        + op.text("a")
        + SYSTEM
        + b"u.",
    )
    yield one("append", op.proto(2) + op.call(op.named("bdb", "Bdb")) + op.NONE + op.APPEND + b".")
    yield one(
        "additems", op.proto(4) + op.call(op.named("queue", "Queue")) + b"(" + op.NONE + b"\x90."
    )
    yield one("persid", op.proto(0) + b"Pos.system true\n.")
    yield one("binpersid", op.proto(2) + op.text("os.system") + op.PERSISTENT + b".")
    yield one("next-buffer", op.proto(5) + b"\x97\x98.")


@FAMILY.case(206, "numbers and lengths that readers take differently", R)
def odd_numbers() -> Variants:
    attack = op.call(SYSTEM, op.text("true"))
    yield one("negative-string", op.proto(1) + b"T\xff\xff\xff\xff" + attack + op.STOP)
    yield one("long4-negative", op.proto(2) + b"\x8b\xff\xff\xff\xff" + attack + op.STOP)
    yield one("huge-unicode", op.proto(4) + b"\x8d" + b"\xff" * 7 + b"\x7f" + attack + op.STOP)
    yield one("frame-short", op.proto(4) + b"\x95\x01" + bytes(7) + attack + op.STOP)
    yield one("frame-zero", op.proto(4) + b"\x95" + bytes(8) + attack + op.STOP)
    yield one("frame-in-frame", op.framed(op.framed(attack + op.STOP)[2:]))
    yield one("get-missing", op.proto(2) + attack + b"h\x07.")
    yield one("line-number", b"Iffff\n" + attack + op.STOP, "m.pkl")
    yield one("underscores", b"I1_000\n0" + attack + op.STOP, "m.pkl")
    yield one("octal", b"I0x10\n0" + attack + op.STOP, "m.pkl")
    yield one("bad-utf8", op.proto(2) + b"X\x02\x00\x00\x00\xff\xfe0" + attack + op.STOP)
    yield one("unterminated-name", op.proto(2) + attack + b"cos\nsystem")
    yield one("protocol-255", b"\x80\xff" + attack + op.STOP, "m.pkl")
    yield one("two-protocols", op.proto(2) + op.proto(4) + attack + op.STOP)


@FAMILY.case(207, "a pickle in what a file carries along", R)
def carried() -> Variants:
    yield one("gguf", b"GGUF" + op.hostile(), "model.gguf")
    yield one("npy-version-9", b"\x93NUMPY\x09\x00" + op.hostile(), "a.npy")
    yield one("npy-long-header", b"\x93NUMPY\x02\x00\xff\xff\xff\x7f{" + op.hostile(), "a.npy")
    yield one("npy-code", npy(descr="__import__('os').system('true')"), "a.npy")
    yield one("npy-header-eval", npy(descr="'<f4'", shape="(().__class__,)"), "a.npy")
    yield one("npy-shape", npy(descr="'<f4'", shape="(4611686018427387904, 4)"), "a.npy")
    yield one("npy-trailing", npy(bytes(16), "'<f4'", "(4,)") + op.hostile(), "a.npy")
    yield one(
        "npz-two",
        archive(
            [
                Member("a.npy", npy(bytes(16), "'<f4'", "(4,)")),
                Member("b.npy", npy(object_pickle=op.hostile())),
            ]
        ),
        "a.npz",
    )
    yield one("npz-pickle", archive([Member("a.npy", op.hostile())]), "a.npz")
    yield one("array-of-objects", op.proto(2) + array(b"", "O8", 1) + op.STOP)
    yield one(
        "encoded",
        op.proto(2)
        + op.call(op.named("torch.storage", "_load_from_bytes"), encoded(b"x"))
        + op.STOP,
    )
    yield one(
        "gz-in-zip", archive([Member("a.gz", gzip.compress(op.hostile(), mtime=0))]), "files.zip"
    )
    yield one(
        "base64-yaml",
        b"a: !!binary |\n  "
        + base64.b64encode(op.hostile())
        + b"\nb: !!python/object/apply:pickle.loads [x]\n",
        "a.yaml",
    )


@FAMILY.case(208, "storages and shapes that lie", R)
def lying_tensors() -> Variants:
    def written(name: str, value: bytes, data: bytes = bytes(16)) -> tuple[str, dict[str, bytes]]:
        pickle = op.proto(2) + b"}" + op.text("w") + value + b"s."
        return one(name, torch_zip({"data.pkl": pickle, "data/0": data}), "model.pt")

    yield written("too-many", rebuilt(ref=storage(elements=400)))
    yield written("negative", rebuilt(ref=storage(elements=-4)))
    yield written("offset", rebuilt(offset=3))
    yield written("negative-offset", rebuilt(offset=-1))
    yield written("stride", rebuilt(strides=op.tuple_of(op.number(1 << 30))))
    yield written("negative-stride", rebuilt(strides=op.tuple_of(op.number(-1))))
    yield written(
        "shape",
        rebuilt(
            shape=op.tuple_of(op.number(1 << 30), op.number(1 << 30)),
            strides=op.tuple_of(op.number(0), op.number(0)),
        ),
    )
    yield written("key-escape", rebuilt(ref=storage(key="../../etc/passwd")))
    yield written("key-missing", rebuilt(ref=storage(key="7")))
    yield written("truncated", rebuilt(), bytes(8))


@FAMILY.case(209, "compression of a kind that joblib knows and nobody looks for", R)
def rare_compression() -> Variants:
    import lzma

    raw = op.hostile(4)
    yield one("lzma-alone", lzma.compress(raw, lzma.FORMAT_ALONE), "model.joblib")
    yield one("xz-crc64", lzma.compress(raw, check=lzma.CHECK_CRC64), "weights")
    yield one("gzip-name", gzip.compress(raw, mtime=0)[:3] + b"\x08" + gzip.compress(raw, mtime=0)[4:10] + b"weights.json\0"
              + gzip.compress(raw, mtime=0)[10:], "weights.json")  # fmt: skip
    yield one("gzip-trailing", gzip.compress(b"{}", mtime=0) + raw, "a.json.gz")
    yield one("gzip-cut", gzip.compress(raw, mtime=0)[:-8], "model.joblib")
    yield one("gzip-bad-crc", gzip.compress(raw, mtime=0)[:-8] + bytes(8), "model.joblib")
