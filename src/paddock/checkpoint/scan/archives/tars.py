"""What is in a tar archive: reasons about its members, and the members themselves.

Reads ustar, the format of 1979, GNU's long names and pax records (POSIX.1-2001, pax). Links and
devices are never followed nor made; they are reasons.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from paddock.checkpoint.errors import BadArchive
from paddock.checkpoint.scan.archives.inner import Inner
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.names import folded, name_reasons
from paddock.checkpoint.scan.report import Reason
from paddock.checkpoint.scan.types.signatures import is_tar_header
from paddock.errors import shown

_BLOCK = 512
MAX_EXTENSION_BYTES = 1 << 20  # a long name, or the pax records of a member
_REGULAR, _FOLDER = (b"0", b"\0", b"7"), b"5"
_LINKS = {b"1": "a hard link", b"2": "a symbolic link"}
_DEVICES = {b"3": "a device", b"4": "a device", b"6": "a pipe"}
_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL = b"L", b"K", b"x", b"g"


class _Header(NamedTuple):
    name: str
    size_bytes: int
    type: bytes


def open_tar(look: Look) -> Iterator[Reason | Inner]:
    """Everything in the archive; raises ``BadArchive`` where it is damaged."""
    at, seen = 0, dict[str, str]()
    said: dict[str, str] = {}  # by a record before the member: its name, its size
    while at < look.size_bytes:
        block = look.read(at, _BLOCK)
        if not block.strip(b"\0"):
            _check_padding(look, at)
            return
        header = _parse_header(block, at)
        start, at = at + _BLOCK, at + _BLOCK
        if header.type in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_FOR_ALL):
            said |= _parse_extension(look, header, start)
            at += _padded(header.size_bytes)
            continue
        header, said = _with_extensions(header, said), {}
        at += _padded(header.size_bytes)
        look.budget.take_member()
        yield from _reasons(look, header, seen)
        if header.type in _REGULAR and not header.name.endswith("/"):
            _check_inside(look, start + header.size_bytes)
            yield Inner(header.name, look.pieces(start, start + header.size_bytes))


def _reasons(look: Look, header: _Header, seen: dict[str, str]) -> Iterator[Reason]:
    name = header.name.removesuffix("/").removeprefix("./")
    if header.type == _FOLDER and name in ("", "."):
        return
    yield from name_reasons(name, f"{look.name}!{name}")
    what = _LINKS.get(header.type) or _DEVICES.get(header.type)
    if what:
        yield Reason("archive_link", look.name, f"{shown(name)} is {what}")
    elif header.type not in (*_REGULAR, _FOLDER):
        message = f"{shown(name)} is of the unknown type {header.type!a}"
        yield Reason("archive_not_read", look.name, message)
    if header.type != _FOLDER:
        if seen.get(folded(name)) == name:
            yield Reason("duplicate", look.name, f"{shown(name)} is in it twice")
        other = seen.setdefault(folded(name), name)
        if other != name:
            message = f"{shown(other)} and {shown(name)} are one name"
            yield Reason("name_collision", look.name, message)


def _parse_header(block: bytes, at: int) -> _Header:
    if len(block) < _BLOCK or not is_tar_header(block):
        raise BadArchive("damaged", f"there is no header at byte {at}")
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    full = f"{prefix}/{name}" if prefix else name
    return _Header(full, _number(block[124:136], at), block[156:157])


def _number(field: bytes, at: int) -> int:
    if field[0] & 0x80:  # GNU: base 256, for sizes over 8 GiB
        value = int.from_bytes(field, "big") & (1 << 95) - 1
        if field[0] == 0xFF or value >= 1 << 63:
            raise BadArchive("overflow", f"the size at byte {at} is impossible")
        return value
    digits = field.split(b"\0")[0].strip()
    if digits and any(digit not in b"01234567" for digit in digits):
        raise BadArchive("damaged", f"the size at byte {at} is no number")
    return int(digits or b"0", 8)


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "surrogateescape")


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _check_inside(look: Look, end: int) -> None:
    if end > look.size_bytes:
        raise BadArchive("truncated", f"a member ends at byte {end} of {look.size_bytes}")


def _parse_extension(look: Look, header: _Header, start: int) -> dict[str, str]:
    """What a record says of the member after it; of pax only the name and the size count."""
    if header.size_bytes > MAX_EXTENSION_BYTES:
        raise BadArchive("too_large", f"a record of {header.size_bytes} bytes about a member")
    _check_inside(look, start + header.size_bytes)
    raw = look.read(start, header.size_bytes)
    if header.type == _LONG_NAME:
        return {"path": _text(raw)}
    if header.type == _LONG_LINK:
        return {}
    found = {}
    while raw.strip(b"\0"):
        length = raw.partition(b" ")[0]
        if not length.isdigit() or len(length) > 7 or not len(length) < int(length) <= len(raw):
            raise BadArchive("damaged", f"a pax record before byte {start} is damaged")
        key, _, value = raw[len(length) + 1 : int(length)].rstrip(b"\n").partition(b"=")
        found[_text(key)] = value.decode("utf-8", "surrogateescape")
        raw = raw[int(length) :]
    if any(key.startswith("GNU.sparse") for key in found):
        raise BadArchive("unsupported", "a member has holes (GNU sparse)")
    if header.type == _PAX_FOR_ALL and found.keys() & {"path", "size"}:
        raise BadArchive("mismatch", "a name or size is given to all members at once")
    return {key: found[key] for key in ("path", "size") if key in found}


def _with_extensions(header: _Header, said: dict[str, str]) -> _Header:
    size = said.get("size", str(header.size_bytes))
    if not size.isdecimal() or len(size) > 19:
        raise BadArchive("damaged", f"a size of {shown(size)}")
    return _Header(said.get("path", header.name), int(size), header.type)


def _check_padding(look: Look, at: int) -> None:
    """Behind the end there are only zeros, and not many: tar writes records of 10 KiB."""
    for piece in look.pieces(at, look.size_bytes):
        if piece.strip(b"\0"):
            raise BadArchive("trailing_bytes", f"something follows the end at byte {at}")
