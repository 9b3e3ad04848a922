"""Cases 18 to 32: pickles by their rarer doors, under other names, in wrappings; and honest ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib

import lz4.frame

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Expected, Family, Variants
from tests.attacks.corpus.numpy_bytes import npy, rng_state
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.zips import torch_zip
from tests.checkpoint.pickles import honest, rebuilt, storage

FAMILY = Family("hidden pickle")
R = Expected.REJECT


@FAMILY.case(18, "BUILD with a __setstate__ that calls", R)
def build() -> Variants:
    made = op.named("builtins", "object") + op.EMPTY_TUPLE + op.NEWOBJ
    state = op.EMPTY_DICT + op.text("__setstate__") + op.named("os", "system") + op.SETITEM
    yield one("setstate", op.proto(2) + made + state + op.BUILD + op.text("true") + op.BUILD + b".")
    slots = op.NONE + state + op.TUPLE2
    yield one("slots", op.proto(2) + made + slots + op.BUILD + op.STOP)
    dressed = op.named("collections", "OrderedDict") + op.EMPTY_TUPLE + op.REDUCE
    yield one("ordered-dict", op.proto(2) + dressed + state + op.BUILD + op.STOP)
    tensor = rebuilt() + op.EMPTY_DICT + op.text("__class__") + op.named("os", "system")
    yield one("tensor", op.proto(2) + tensor + op.SETITEM + op.BUILD + op.STOP)


@FAMILY.case(19, "EXT1: a code of copyreg's registry instead of a name", R)
def extension_codes() -> Variants:
    for name, code in (
        ("ext1", b"\x82\x01"),
        ("ext2", b"\x83\x01\x00"),
        ("ext4", b"\x84\x01\0\0\0"),
    ):
        yield one(name, op.proto(2) + op.call(code, op.text("true")) + op.STOP)
    yield one("add-extension", op.proto(2) + op.call(op.named("copyreg", "add_extension"),
              op.text("os"), op.text("system"), op.number(1)) + b"0" + b"\x82\x01" + op.STOP)  # fmt: skip


@FAMILY.case(20, "a function of dill", R)
def dill() -> Variants:
    for module, name in (
        ("dill._dill", "_create_function"), ("dill._dill", "_eval_repr"), ("dill", "loads"),
        ("dill._dill", "_import_module"), ("cloudpickle.cloudpickle", "_make_function"),
        ("joblib.numpy_pickle", "load"), ("pandas", "read_pickle"),
    ):  # fmt: skip
        yield one(f"{module}.{name}", op.calling(module, name, "None"))


@FAMILY.case(21, "ctypes.CDLL", R)
def ctypes_library() -> Variants:
    for name in ("CDLL", "WinDLL", "PyDLL"):
        yield one(name, op.calling("ctypes", name, "libc.so.6"))
    yield one("torch-ops", op.calling("torch.ops", "load_library", "x.so"))


@FAMILY.case(22, "numpy.load, and pickles within pickles", R)
def nested_loads() -> Variants:
    yield one("numpy.load", op.calling("numpy", "load", "other.npy"))
    yield one("npyio", op.calling("numpy.lib.npyio", "load", "other.npy"))
    inner = op.hostile(0).decode("latin-1")
    yield one("pickle.loads", op.calling("pickle", "loads", inner))
    yield one("_pickle.loads", op.calling("_pickle", "loads", inner))
    raw = op.hostile()
    as_bytes = b"B" + len(raw).to_bytes(4, "little") + raw
    yield one("torch-storage", op.proto(3) + op.call(
        op.named("torch.storage", "_load_from_bytes"), as_bytes) + op.STOP)  # fmt: skip


@FAMILY.case(23, "a pickle named .bin", R)
def named_bin() -> Variants:
    for protocol in (0, 2, 4):
        yield one(f"p{protocol}", op.hostile(protocol), "pytorch_model.bin")


@FAMILY.case(24, "a pickle named .json", R)
def named_json() -> Variants:
    for protocol in op.PROTOCOLS:
        yield one(f"p{protocol}", op.hostile(protocol), "config.json")
    yield one("txt", op.hostile(0), "notes.txt")
    yield one("md", op.hostile(0), "README.md")
    yield one("png", op.hostile(2), "picture.png")


@FAMILY.case(25, "a pickle named .safetensors", R)
def named_safetensors() -> Variants:
    for protocol in (0, 2, 4):
        yield one(f"p{protocol}", op.hostile(protocol), "model.safetensors")
    yield one("gguf", op.hostile(2), "model.gguf")


@FAMILY.case(26, "a pickle without an extension", R)
def no_extension() -> Variants:
    for protocol in op.PROTOCOLS:
        yield one(f"p{protocol}", op.hostile(protocol), "weights")
    yield one("hidden", op.hostile(2), ".weights")
    yield "deep", {"a/b/c/d/e/f/weights": op.hostile(2)}


@FAMILY.case(27, "a pickle compressed by gzip or zlib, as joblib does", R)
def compressed() -> Variants:
    raw = op.hostile(4)
    yield one("gzip", gzip.compress(raw, mtime=0), "model.joblib")
    yield one("zlib", zlib.compress(raw), "model.joblib")
    for level in (0, 1, 9):
        yield one(f"zlib-{level}", zlib.compress(raw, level), "weights")
    yield one("bz2", bz2.compress(raw), "model.joblib")
    yield one("xz", lzma.compress(raw), "model.joblib")
    yield one("lzma", lzma.compress(raw, lzma.FORMAT_ALONE), "model.lzma")
    yield one("lz4", lz4.frame.compress(raw), "model.joblib")
    yield one("gzip-twice", gzip.compress(gzip.compress(raw, mtime=0), mtime=0), "model.gz")
    yield one(
        "gzip-members", gzip.compress(b"{}", mtime=0) + gzip.compress(raw, mtime=0), "a.json.gz"
    )
    yield one(
        "joblib-old", b"ZF" + f"{len(raw):#x}".ljust(19).encode() + zlib.compress(raw), "m.pkl.z"
    )
    yield one("npz-gz", gzip.compress(npy(object_pickle=raw), mtime=0), "array.npy.gz")


@FAMILY.case(28, "PyTorch's tar archive of before 0.2", R)
def legacy_tar() -> Variants:
    yield one("pickle", tar_of({"pickle": op.hostile()}), "model.pt")
    yield one("whole", tar_of({"sys_info": op.proto(2) + b"}.", "storages": op.hostile(),
              "tensors": op.proto(2) + b"K\x00."}), "model.pth.tar")  # fmt: skip
    yield one("gz", gzip.compress(tar_of({"pickle": op.hostile()}), mtime=0), "model.tar.gz")


@FAMILY.case(29, "a NumPy file that holds Python objects", R)
def object_arrays() -> Variants:
    yield one("npy", npy(object_pickle=op.hostile()), "array.npy")
    yield one("npy-v2", npy(object_pickle=op.hostile(), version=2), "array.npy")
    yield one(
        "npz", torch_zip({"array.npy": npy(object_pickle=op.hostile())}, prefix=""), "arrays.npz"
    )
    yield one(
        "structured", npy(descr="[('a', '<f4'), ('b', '|O')]", object_pickle=op.hostile()), "a.npy"
    )
    yield one("subarray", npy(descr="[('a', '|O', (2,))]", object_pickle=op.hostile()), "a.npy")
    yield one("named-txt", npy(object_pickle=op.hostile()), "array.txt")


@FAMILY.case(30, "pickle bombs: doubling by the memo, deep nesting", R)
def bombs() -> Variants:
    doubled = op.EMPTY_LIST + op.put(0) + b"0"
    for _ in range(60):
        doubled += op.MARK + op.get(0) + op.get(0) + op.TUPLE + op.put(0) + op.POP
    yield one("doubling", op.proto(2) + doubled + op.get(0) + op.STOP)
    yield one("deep-lists", op.proto(2) + op.EMPTY_LIST * 200_000 + op.APPEND * 199_999 + op.STOP)
    yield one("deep-tuples", op.proto(2) + op.NONE + op.TUPLE1 * 500_000 + op.STOP)
    yield one("many-marks", op.proto(2) + op.MARK * 1_000_000 + op.STOP)
    yield one("long-number", op.proto(2) + b"\x8b" + (1 << 30).to_bytes(4, "little") + b"\x01" * 64)
    yield one("long-decimal", b"L" + b"9" * 200_000 + b"L\n.")
    yield one("huge-bytes", op.proto(4) + b"\x8e" + (1 << 62).to_bytes(8, "little") + b"x.")
    yield one("huge-frame", op.proto(4) + b"\x95" + b"\xff" * 8 + b"}.")
    yield one("huge-slot", op.proto(2) + b"}r\xff\xff\xff\xff.")
    yield one("slot-line", b"}p99999999999999999999\n.")
    yield one("doubled-calls", op.proto(2) + doubled + op.call(op.named("builtins", "repr"), op.get(0))
              + op.STOP)  # fmt: skip
    yield one("sets", op.proto(4) + (b"\x8f(" + op.NONE + b"\x90") * 300_000 + op.STOP)
    yield one("endless-storage", honest().replace(op.number(4), op.number(2**31 - 1)))


@FAMILY.case(31, "an honest state_dict in PyTorch's zip", Expected.CONVERT)
def honest_zip() -> Variants:
    yield one("state-dict", torch_zip({"data.pkl": honest(), "data/0": bytes(16)}), "model.pt")
    yield one("bin", torch_zip({"data.pkl": honest(), "data/0": bytes(16)}), "pytorch_model.bin")
    half = storage(kind=b"HalfStorage")
    pickle = op.proto(2) + b"}" + op.text("w") + rebuilt(ref=half) + b"s."
    yield one("half", torch_zip({"data.pkl": pickle, "data/0": bytes(8)}), "consolidated.00.pth")


@FAMILY.case(32, "an honest checkpoint with NumPy's random state", Expected.CONVERT)
def honest_with_rng() -> Variants:
    pickle = (
        op.proto(2) + b"}" + op.text("w") + rebuilt() + b"s" + op.text("rng") + rng_state() + b"s."
    )
    yield one("rng", torch_zip({"data.pkl": pickle, "data/0": bytes(16)}), "training.pt")


def tar_of(members: dict[str, bytes]) -> bytes:
    """A plain tar with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
