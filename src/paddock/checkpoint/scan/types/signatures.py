"""Types that show themselves by fixed bytes at a fixed place.

Numbers from the formats' own descriptions. Only whoever finds none of these asks further
(``identify``).
"""

from __future__ import annotations

from paddock.checkpoint.scan.kinds import Kind

# At the first byte. The order matters only where one is the beginning of another.
_AT_START: tuple[tuple[bytes, Kind], ...] = (
    (b"GGUF", Kind.GGUF),
    (b"FUGG", Kind.GGUF),  # written by a big-endian machine
    (b"\x93NUMPY", Kind.NPY),
    (b"\x1f\x8b", Kind.GZIP),
    (b"BZh", Kind.BZIP2),
    (b"\xfd7zXZ\x00", Kind.XZ),
    (b"\x28\xb5\x2f\xfd", Kind.ZSTD),
    (b"\x04\x22\x4d\x18", Kind.LZ4),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Kind.RAR),
    *(
        (start, Kind.OTHER_ARCHIVE)
        for start in (
            *(b"MSCF\0\0\0\0", b"MSWIM\0\0\0", b"xar!", b"LZIP", b"hsqs", b"sqsh", b"SIT!"),
            *(b"070707", b"070701", b"070702", b"\xc7\x71", b"\x71\xc7"),  # cpio
            *(b"\x1f\x9d", b"\x1f\xa0", b"\x1f\x1e", b"\x89LZO\0", b"\x60\xea"),
            *(b"\xed\xab\xee\xdb", b"7kSt", b"zPQ", b"ZF0x", b"LRZI", b"ArC\1"),  # ZF: old joblib
        )
    ),
    (b"\x7fELF", Kind.EXECUTABLE),
    (b"\xfe\xed\xfa\xce", Kind.EXECUTABLE),  # Mach-O, both orders and widths
    (b"\xfe\xed\xfa\xcf", Kind.EXECUTABLE),
    (b"\xce\xfa\xed\xfe", Kind.EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", Kind.EXECUTABLE),
    (b"\xca\xfe\xba\xbe", Kind.EXECUTABLE),  # Mach-O for several processors, and Java's classes
    (b"\x00asm", Kind.EXECUTABLE),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", Kind.EXECUTABLE),  # a shortcut of Windows
    (b"BC\xc0\xde", Kind.EXECUTABLE),  # LLVM
    (b"\x1bLua", Kind.EXECUTABLE),
    (b"!<arch>\n", Kind.EXECUTABLE),  # a library of object files
    (b"dex\n0", Kind.EXECUTABLE),
    (b"\x89HDF\r\n\x1a\n", Kind.HDF5),
    (b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"GIF87a", Kind.IMAGE),
    (b"GIF89a", Kind.IMAGE),
    (b"II*\x00", Kind.IMAGE),
    (b"MM\x00*", Kind.IMAGE),
    (b"\x00\x00\x01\x00", Kind.IMAGE),  # an icon
    (b"fLaC", Kind.MEDIA),
    (b"OggS", Kind.MEDIA),
    (b"ID3", Kind.MEDIA),
    (b"\xff\xfb", Kind.MEDIA),
    (b"\x1a\x45\xdf\xa3", Kind.MEDIA),  # Matroska, WebM
    (b"%PDF-", Kind.PDF),
    (b"PAR1", Kind.PARQUET),
    (b"ARROW1\x00\x00", Kind.ARROW),
    (b"SQLite format 3\x00", Kind.SQLITE),
    (b"DIRC\x00\x00\x00", Kind.GIT_DATA),
    (b"PACK\x00\x00\x00", Kind.GIT_DATA),
    (b"\xfftOc", Kind.GIT_DATA),
    (b"RIDX\x00\x00\x00", Kind.GIT_DATA),
    (b"MIDX\x01", Kind.GIT_DATA),
    (b"CGPH\x01", Kind.GIT_DATA),
)
_RIFF = {b"WEBP": Kind.IMAGE, b"WAVE": Kind.MEDIA, b"AVI ": Kind.MEDIA}
# The userblock of HDF5 may be any power of two from 512 on (HDF5 specification, section II.A).
_HDF5 = b"\x89HDF\r\n\x1a\n"
_HDF5_AT = (512, 1024, 2048, 4096, 8192, 16384, 32768)
_LATER = ((2, b"-lh"), (2, b"-lz"), (7, b"**ACE**"), (32769, b"CD001"), (1080, b"\x53\xef"))
_TAR_BLOCK = 512
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def signed_kind(head: bytes) -> Kind | None:
    """The type whose fixed bytes ``head`` shows."""
    if head.startswith(ZIP_STARTS):
        return Kind.ZIP
    for signature, kind in _AT_START:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return Kind.MEDIA
    if head[4:8] == b"TFL3":
        return Kind.TFLITE
    if _is_windows_program(head) or _is_python_bytecode(head):
        return Kind.EXECUTABLE
    if any(head[at : at + 8] == _HDF5 for at in _HDF5_AT):
        return Kind.HDF5
    if any(head[at : at + len(mark)] == mark for at, mark in _LATER):
        return Kind.OTHER_ARCHIVE
    return Kind.TAR if is_tar_header(head[:_TAR_BLOCK]) else None


def _is_windows_program(head: bytes) -> bool:
    if head[:2] != b"MZ" or b"\0" not in head[:64]:
        return False
    pe_at = int.from_bytes(head[60:64], "little")
    return len(head) < 64 or pe_at >= len(head) or head[pe_at : pe_at + 2] in (b"PE", b"NE", b"LE")


def _is_python_bytecode(head: bytes) -> bool:
    """A version number, CR LF, and flags of which only two bits are known (PEP 552)."""
    return head[2:4] == b"\r\n" and len(head) >= 16 and head[4] <= 3 and head[5:8] == b"\0\0\0"


def is_tar_header(block: bytes) -> bool:
    """Whether the sum over the header is the one it names; so it is in every tar since 1979."""
    if len(block) < _TAR_BLOCK or not block[0]:
        return False
    field = block[148:156].strip(b" \0")
    if not field or any(digit not in b"01234567" for digit in field):
        return False
    blank = block[:148] + b" " * 8 + block[156:]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blank)
    return int(field, 8) in (sum(blank), signed)
