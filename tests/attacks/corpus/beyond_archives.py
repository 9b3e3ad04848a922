"""221 to 229: our own attacks on the archive readers."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile

from tests.attacks.corpus import opcodes as op
from tests.attacks.corpus.archives import DATA, members, tar_with
from tests.attacks.corpus.case import Expected, Family, Link, Program, Variants
from tests.attacks.corpus.hidden_pickles import tar_of
from tests.attacks.corpus.pickles import one
from tests.attacks.corpus.zips import DEFLATED, Member, archive, torch_zip
from tests.checkpoint.pickles import honest

FAMILY = Family("beyond archives")
R = Expected.REJECT
EVIL = "archive/data.pkl"


@FAMILY.case(221, "zip fields of which two readers take different ones", R)
def zip_fields() -> Variants:
    def one_of(name: str, *extra: Member, **changed: Member) -> tuple[str, dict[str, bytes]]:
        return one(name, archive([*members(**changed), *extra]), "model.pt")

    unicode_path = struct.pack("<HHBL", 0x7075, 5 + 4, 1, 0) + b"evil"
    yield one_of("unicode-path", pickle=Member(EVIL, honest(), extra=unicode_path))
    zip64 = struct.pack("<HHQQ", 1, 16, 99, 99)
    yield one_of("zip64", pickle=Member(EVIL, honest(), extra=zip64))
    yield one_of("method-99", pickle=Member(EVIL, op.hostile(), method=99))
    yield one_of("method-bzip2", pickle=Member(EVIL, op.hostile(), method=12))
    yield one_of("descriptor", pickle=Member(EVIL, op.hostile(), flags=8))
    yield one_of("size-lies", pickle=Member(EVIL, op.hostile(), size_bytes=1))
    yield one_of("folder-with-content", Member("archive/data/", op.hostile()))
    yield one_of("backslash", Member("archive\\data.pkl", op.hostile()))
    yield one_of("dot", Member("./archive/data.pkl", op.hostile()))
    yield one_of(
        "two-roots", Member("other/data.pkl", op.hostile()), Member("other/version", b"3\n")
    )
    yield one_of("nul-name", Member("archive/data.pkl\0.txt", op.hostile()))
    yield one(
        "second-directory", archive([Member(EVIL, op.hostile())]) + archive(members()), "model.pt"
    )
    raw = archive(members())
    yield one("end-twice", raw + raw[raw.rindex(b"PK\x05\x06") :], "model.pt")
    yield one("comment-with-end", archive(members(), comment=b"PK\x05\x06" + bytes(18)), "model.pt")
    yield one("cut-directory", raw[:-30], "model.pt")
    spot = raw.rindex(b"PK\x05\x06") + 16
    yield one("directory-offset", raw[:spot] + struct.pack("<L", 7) + raw[spot + 4 :], "model.pt")
    yield one("disks", raw[: spot - 12] + b"\1\0\1\0" + raw[spot - 8 :], "model.pt")


@FAMILY.case(222, "tar fields of which two readers take different ones", R)
def tar_fields() -> Variants:
    def with_pax(headers: dict[str, str], name: str = "a.txt") -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
            member = tarfile.TarInfo(name)
            member.pax_headers = headers
            member.size = 5
            tar.addfile(member, io.BytesIO(b"true\n"))
        return buffer.getvalue()

    yield one("pax-path", with_pax({"path": "../../x"}), "a.tar")
    long = tarfile.TarInfo("x/" * 60 + "../" * 70 + "etc/passwd")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(long, io.BytesIO())
    yield one("gnu-long-name", buffer.getvalue(), "a.tar")
    plain = tar_of({"a.txt": b"words\n"})
    yield one("after-end", plain + op.hostile(), "a.tar")
    yield one("second-archive", plain + tar_of({"pickle": op.hostile()}), "a.tar")
    huge = tarfile.TarInfo("a.txt")
    huge.size = 1 << 40
    yield one("huge-size", huge.tobuf(tarfile.GNU_FORMAT) + bytes(512), "a.tar")
    yield one("hidden-pickle", tar_of({"notes.txt": op.hostile(0)}), "a.tar")
    yield one("hidden-elf", tar_of({"a.txt": b"\x7fELF\x02\x01\x01" + bytes(57)}), "a.tar")
    yield one("contiguous", tar_with("/x", tarfile.CONTTYPE, ""), "a.tar")


@FAMILY.case(223, "bombs in other wrappings", R)
def more_bombs() -> Variants:
    import bz2
    import lzma
    import zlib

    import lz4.frame

    zeros = bytes(4_000_000)
    yield one("bz2", bz2.compress(zeros), "a.bz2")
    yield one("xz", lzma.compress(zeros, preset=0), "a.xz")
    yield one("zlib", zlib.compress(zeros), "weights")
    yield one("lz4", lz4.frame.compress(zeros), "a.lz4")
    yield one("zip-of-gz", archive([Member("a.gz", gzip.compress(zeros, mtime=0))]), "a.zip")
    yield one(
        "torch-deflated",
        archive([*members(), Member("archive/data/1", zeros, method=DEFLATED)]),
        "m.pt",
    )
    many = archive([Member(f"{n}", b"") for n in range(8_000)])
    yield one("json-gz", gzip.compress(b"[" * 5_000_000, mtime=0), "a.json.gz")
    inside = archive([Member("many.zip", many, method=DEFLATED)] * 1)
    for level in range(7):
        inside = archive([Member(f"{level}.zip", inside)])
    yield one("many-deep", inside, "a.zip")


@FAMILY.case(224, "links and programs among the files of a folder", R)
def folder_entries() -> Variants:
    yield "link-out", {"config.json": b"{}", "weights.bin": Link("/etc/passwd")}
    yield "link-up", {"config.json": b"{}", "sub/x": Link("../../../etc/hostname")}
    yield "link-nowhere", {"config.json": b"{}", "x": Link("nowhere")}
    yield "link-loop", {"config.json": b"{}", "a": Link("b"), "b": Link("a")}
    yield "folder-link", {"config.json": b"{}", "etc": Link("/etc")}
    yield "proc", {"config.json": b"{}", "x": Link("/proc/self/environ")}
    yield "elf", {"config.json": b"{}", "bin/run": Program(b"\x7fELF\x02\x01\x01" + bytes(57))}
    yield "case", {"config.json": b"{}", "Config.json": b'{"a":1}'}
    yield "nfc", {"e\u0301.json": b"{}", "\u00e9.json": b'{"a":1}'}


@FAMILY.case(225, "archives that nobody looks into", R)
def unknown_archives() -> Variants:
    for name, head in (("cab", b"MSCF" + bytes(32)), ("xar", b"xar!\0\x1c\0\1" + bytes(24)), ("lzip", b"LZIP\x01\x0c" + bytes(20)),
                       ("squashfs", b"hsqs\7\0\0\0" + bytes(88)), ("compress", b"\x1f\x9d\x90" + bytes(9)),
                       ("iso", bytes(32769) + b"CD001" + bytes(2000)), ("cpio", b"\xc7\x71" + bytes(62))):  # fmt: skip
        yield one(name, head.ljust(64, b"\0"), f"files.{name}")


@FAMILY.case(226, "torch zips that hold more than tensors", R)
def torch_extras() -> Variants:
    for name, content in (
        ("run.py", b"import os\nos.system('true')\n"), ("lib.so", b"\x7fELF\x02\x01\x01" + bytes(57)),
        (".data/serialization_id", op.hostile()), ("byteorder", op.hostile()), ("version", op.hostile(0)),
        ("data/1", torch_zip({"data.pkl": op.hostile()})), ("extra/conda.pth", b"import os\n"),
    ):  # fmt: skip
        yield one(name.replace("/", "-"), torch_zip(DATA | {name: content}), "model.pt")
    yield one("no-data-pkl", torch_zip({"data/0": bytes(16)}), "model.pt")
    yield one("upper", archive([*members(), Member("archive/DATA.PKL", op.hostile())]), "model.pt")
