"""Pickles and zip archives as ``torch.save`` makes them, and as attackers do. All are inert."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

OS_SYSTEM = b"cos\nsystem\n"
TRUE = b"X\x04\x00\x00\x00true"  # what a hostile pickle would run


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + len(raw).to_bytes(4, "little") + raw


def small(*values: int) -> bytes:
    return b"(" + b"".join(b"J" + v.to_bytes(4, "little", signed=True) for v in values) + b"t"


def storage(key: str = "0", elements: int = 4, kind: bytes = b"FloatStorage") -> bytes:
    """A persistent id for a storage."""
    number = b"J" + elements.to_bytes(4, "little", signed=True)
    return (
        b"("
        + text("storage")
        + b"ctorch\n"
        + kind
        + b"\n"
        + text(key)
        + text("cpu")
        + number
        + b"tQ"
    )


def rebuilt(
    shape: bytes = small(4), strides: bytes = small(1), offset: int = 0, ref: bytes | None = None
) -> bytes:
    """A tensor over a storage."""
    number = b"J" + offset.to_bytes(4, "little", signed=True)
    arguments = b"(" + (ref or storage()) + number + shape + strides + b"\x89}t"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


def state_dict(value: bytes, name: str = "w") -> bytes:
    """A pickle of a dictionary with one entry."""
    return b"\x80\x02}" + text(name) + value + b"s."


def honest() -> bytes:
    return state_dict(rebuilt())


def write_zip(
    path: Path, pickle: bytes, extra: dict[str, bytes] | None = None, *, data: bytes = bytes(16)
) -> Path:
    """A PyTorch zip file with this pickle and one storage of four floats."""
    members = {"data.pkl": pickle, "byteorder": b"little", "data/0": data, "version": b"3\n"}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (members | (extra or {})).items():
            archive.writestr(f"archive/{name}", content)
    return path


def raw_zip(members: list[tuple[bytes, bytes]], *, local_names: list[bytes] | None = None) -> bytes:
    """A zip file byte by byte, so that any field can lie."""
    body, directory = b"", b""
    for number, (name, content) in enumerate(members):
        crc, local = zlib.crc32(content), (local_names or [n for n, _ in members])[number]
        sizes = (crc, len(content), len(content))
        offset = len(body)
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, *sizes, len(local), 0)
        body += local + content
        directory += struct.pack(
            "<4s6H3L5H2L",
            b"PK\x01\x02",
            20,
            20,
            0,
            0,
            0,
            0,
            *sizes,
            len(name),
            0,
            0,
            0,
            0,
            0,
            offset,
        )
        directory += name
    count = len(members)
    return (
        body
        + directory
        + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    )
