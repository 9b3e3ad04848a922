"""Cases 33 to 44: archives that read differently in different programs, or hold what they must not."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.case import Expected, Family, Variants
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.zips import DEFLATED, Member, archive, torch_zip
from tests.checkpoint.pickles import honest

FAMILY = Family("archive")
R = Expected.REJECT
DATA = {"data.pkl": honest(), "data/0": bytes(16)}


def members(**changed: Member) -> list[Member]:
    """An honest archive's members, some of them replaced by key."""
    honest_ones = {
        "pickle": Member("archive/data.pkl", honest()),
        "order": Member("archive/byteorder", b"little"),
        "storage": Member("archive/data/0", bytes(16)),
        "version": Member("archive/version", b"3\n"),
    }
    return list((honest_ones | changed).values())


@FAMILY.case(33, "the payload lies in a member that is no data", R)
def other_member() -> Variants:
    for name in ("extra.pkl", "data/1", "constants.pkl", "notes.txt", ".hidden", "data/0.pkl"):
        yield one(name.replace("/", "-"), torch_zip(DATA | {name: op.hostile()}), "model.pt")
    yield one(
        "outside-folder", archive([*members(), Member("payload.pkl", op.hostile())]), "model.pt"
    )
    yield one("hostile-data", torch_zip(DATA | {"data.pkl": op.hostile()}), "model.pt")
    yield one(
        "zip-in-zip", torch_zip(DATA | {"inner.zip": torch_zip({"data.pkl": op.hostile()})}), "m.pt"
    )


@FAMILY.case(34, "a wrong CRC, so that strict readers stop and loose ones go on", R)
def bad_crc() -> Variants:
    hostile = Member("archive/data.pkl", op.hostile(), crc=1)
    yield one("pickle", archive(members(pickle=hostile)), "model.pt")
    yield one(
        "honest-storage",
        archive(members(storage=Member("archive/data/0", bytes(16), crc=7))),
        "m.pt",
    )
    yield one("npz", archive([Member("a.npy", b"\x93NUMPY\x01\x00", crc=3)]), "a.npz")


@FAMILY.case(35, "the flag that says encrypted, on bytes that are not", R)
def encrypted_flag() -> Variants:
    for name, flags in (("bit0", 1), ("strong", 0x41), ("masked", 0x2001)):
        hostile = Member("archive/data.pkl", op.hostile(), flags=flags)
        yield one(name, archive(members(pickle=hostile)), "model.pt")


@FAMILY.case(36, "the local header names another file than the directory", R)
def two_names() -> Variants:
    swapped = Member("archive/data.pkl", op.hostile(), local_name="archive/notes.txt")
    yield one("pickle", archive(members(pickle=swapped)), "model.pt")
    swapped = Member("archive/notes.txt", op.hostile(), local_name="archive/data.pkl")
    yield one("reversed", archive([*members(), swapped]), "model.pt")
    swapped = Member("archive/data.pkl", honest(), local_name="archive/DATA.PKL")
    yield one("case", archive(members(pickle=swapped)), "model.pt")


@FAMILY.case(37, "bytes before the archive", R)
def prefix() -> Variants:
    for name, junk in (("junk", b"junk" * 20), ("pickle", op.hostile()), ("elf", b"\x7fELF" + bytes(60)),
                       ("zip", archive([Member("a", b"x")])), ("script", b"#!/bin/sh\ntrue\n")):  # fmt: skip
        yield one(name, junk + torch_zip(DATA), "model.pt")
        yield one(f"{name}-counted", archive(members(), prefix=junk), "model.pt")
    yield one("comment", archive(members(), comment=op.hostile()), "model.pt")
    yield one("trailing", torch_zip(DATA) + op.hostile(), "model.pt")


@FAMILY.case(38, "a member that leads out of the folder", R)
def zip_slip() -> Variants:
    names = ("../../.bashrc", "/etc/cron.d/x", "archive/../../x", "..\\..\\x", "C:\\x", "archive/\u202ex",
             "archive/a\x00b", "archive//etc", "archive/.", "//host/share")  # fmt: skip
    for number, name in enumerate(names):
        yield one(f"name{number}", archive([*members(), Member(name, b"true\n")]), "model.pt")
    yield one("plain-zip", archive([Member("../x.txt", b"true\n")]), "files.zip")


@FAMILY.case(39, "a tar member with an absolute path, a link or a device", R)
def tar_members() -> Variants:
    for name, kind, link in (
        ("/etc/cron.d/x", tarfile.REGTYPE, ""), ("../x", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "/etc/passwd"), ("hard", tarfile.LNKTYPE, "../../x"),
        ("device", tarfile.CHRTYPE, ""), ("fifo", tarfile.FIFOTYPE, ""), ("a/../../b", tarfile.DIRTYPE, ""),
    ):  # fmt: skip
        raw = tar_with(name, kind, link)
        yield one(f"{name.strip('/.').replace('/', '-')}-{kind.decode()}", raw, "files.tar")
    yield one("gz", gzip.compress(tar_with("/x", tarfile.REGTYPE, ""), mtime=0), "files.tgz")
    yield one("zip-symlink", archive([Member("link", b"/etc/passwd", mode=0o120777)]), "files.zip")


@FAMILY.case(40, "an archive that grows more than a hundred times", R)
def bombs() -> Variants:
    zeros = bytes(3_000_000)
    yield one("deflate", archive([Member("archive/data/0", zeros, method=DEFLATED)]), "model.pt")
    yield one("gzip", gzip.compress(zeros, mtime=0), "text.txt.gz")
    inner = archive([Member("zeros", zeros, method=DEFLATED)])
    nested = archive([Member(f"{i}.zip", inner, method=DEFLATED) for i in range(10)])
    yield one("nested", nested, "files.zip")
    layers = zeros
    for _ in range(6):
        layers = gzip.compress(layers, mtime=0)
    yield one("six-layers", layers, "a.gz")
    deep = archive([Member("0.zip", inner)])
    for level in range(12):
        deep = archive([Member(f"{level}.zip", deep)])
    yield one("deep", deep, "files.zip")
    shared = Member("a", zeros, method=DEFLATED)
    overlapping = [
        shared,
        *(Member(f"b{i}", zeros, "a", method=DEFLATED, offset=0) for i in range(20)),
    ]
    yield one("overlap", archive(overlapping), "files.zip")
    yield one(
        "tar-gz", gzip.compress(tar_with("zeros", tarfile.REGTYPE, "", zeros), mtime=0), "a.tar.gz"
    )
    yield one("claims-less", archive([Member("a", zeros, method=DEFLATED, size_bytes=10)]), "a.zip")


@FAMILY.case(41, "the same member twice", R)
def duplicates() -> Variants:
    yield one("pickle", archive([*members(), Member("archive/data.pkl", op.hostile())]), "model.pt")
    yield one("first", archive([Member("archive/data.pkl", op.hostile()), *members()]), "model.pt")
    yield one("case", archive([*members(), Member("archive/Data.pkl", op.hostile())]), "model.pt")
    yield one(
        "count-hides-one",
        archive([*members(), Member("archive/x.pkl", op.hostile())], count=4),
        "m.pt",
    )


@FAMILY.case(42, "TorchScript and torch.package: code among the members", R)
def torchscript() -> Variants:
    code = b"def forward(self, x):\n  return x\n"
    for name in ("code/__torch__.py", "code/__torch__.py.debug_pkl", "constants.pkl", ".data/extern_modules",
                 "bytecode.pkl", "forward_mlir.txt"):  # fmt: skip
        content = op.proto(2) + b")." if name.endswith("pkl") else code
        tree = torch_zip(DATA | {"constants.pkl": op.proto(2) + b").", name: content})
        yield one(name.replace("/", "-"), tree, "model.pt")


@FAMILY.case(43, "7z and rar, which nobody looked into", R)
def unseen_archives() -> Variants:
    seven = b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<LQQL", 0, 0, 0, 0)
    for name, head in (
        ("7z", seven),
        ("rar4", b"Rar!\x1a\x07\x00"),
        ("rar5", b"Rar!\x1a\x07\x01\x00"),
    ):
        yield one(name, head.ljust(64, b"\0"), f"files.{name}")
        yield one(f"{name}-renamed", head.ljust(64, b"\0"), "model.bin")


@FAMILY.case(44, "NeMo and MAR bundles", R)
def bundles() -> Variants:
    config = b"_target_: os.system\ncommand: 'true'\n"
    nemo = io.BytesIO()
    with tarfile.open(fileobj=nemo, mode="w") as tar:
        for name, content in (
            ("./model_config.yaml", config),
            ("./model_weights.ckpt", torch_zip(DATA)),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    yield one("nemo", nemo.getvalue(), "model.nemo")
    yield one("nemo-renamed", nemo.getvalue(), "model.tar")
    manifest = Member("MAR-INF/MANIFEST.json", b'{"model": {"handler": "handler.py"}}')
    mar = archive([manifest, Member("handler.py", b"import os\nos.system('true')\n")])
    yield one("mar", mar, "model.mar")
    yield one("mar-renamed", mar, "model.zip")


def tar_with(name: str, kind: bytes, link: str, content: bytes = b"true\n") -> bytes:
    """A tar with one member of any kind."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        member.size = len(content) if kind == tarfile.REGTYPE else 0
        tar.addfile(member, io.BytesIO(content) if member.size else None)
    return buffer.getvalue()
