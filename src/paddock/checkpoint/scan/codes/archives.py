"""Codes of archives, and of what only their being archives hides."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_R = Level.REJECT

ARCHIVES: dict[str, Code] = {
    "bad_archive": Code(_R, "an archive is damaged", "pack it again"),
    "archive_mismatch": Code(
        _R, "an archive reads differently in different programs", "pack it again"
    ),
    "encrypted": Code(
        _R, "an archive is encrypted, so nothing in it could be checked", "unpack it"
    ),
    "archive_link": Code(_R, "an archive holds a link or a device", "pack the files themselves"),
    "archive_bomb": Code(
        _R, "an archive unpacks to far more than it can honestly hold", "share the files unpacked"
    ),
    "archive_depth": Code(_R, "archives are nested too deep to be looked into", "unpack them"),
    "archive_not_read": Code(
        _R, "an archive of a kind that is not looked into", "share the files unpacked"
    ),
}
