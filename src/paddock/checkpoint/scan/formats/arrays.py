"""NumPy's .npy: numbers to the last byte, or a pickle in disguise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paddock.checkpoint.errors import BadNumpy
from paddock.checkpoint.numpy_files.header import MAX_HEADER_BYTES
from paddock.checkpoint.numpy_files.npy import read_npy
from paddock.checkpoint.pytorch.pickle_survey import survey
from paddock.checkpoint.scan.formats.pickles import survey_reasons
from paddock.checkpoint.scan.formats.refusals import refusal
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

MAX_PICKLE_BYTES = 256 << 20
_OBJECTS = re.compile(rb"""['"][<>|=]?O\d?['"]""")
_RECORDS = re.compile(rb"""['"]descr['"]\s*:\s*\[""")


def check_npy(look: Look) -> Iterator[Reason]:
    """What the array holds: numbers, records that are not read, or objects, which are a pickle."""
    header_end = _header_end(look)
    header = look.head[:header_end]
    if _OBJECTS.search(header):
        yield Reason("object_array", look.name, "it is an array of objects")
        raw = look.read(header_end, MAX_PICKLE_BYTES)
        for reason in survey_reasons(survey(raw, look.name), look.name, header_end):
            if reason.code != "pickle_convert":
                yield reason
        return
    try:
        read_npy(look.file)
    except BadNumpy as e:
        if e.reason == "unsupported_dtype" or (
            e.reason == "bad_header" and _RECORDS.search(header)
        ):
            yield Reason("not_looked_into", look.name, e.message)
        else:
            yield refusal(e, look.name)


def _header_end(look: Look) -> int:
    wide = look.head[6:7] != b"\1"  # NEP 1: the length has two bytes in version 1, then four
    length = int.from_bytes(look.head[8 : 12 if wide else 10], "little")
    return (12 if wide else 10) + min(length, MAX_HEADER_BYTES)
