"""What pickles ask for, as reasons: everything outside the table of tensor rebuilds is refused.

Follows opcodes (``pytorch.pickle_survey``); nothing is imported, called or built.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from paddock.checkpoint.pytorch.pickle_survey import PickleSurvey, survey
from paddock.checkpoint.scan.formats.pickle_values import value_reasons
from paddock.checkpoint.scan.looking import Look
from paddock.checkpoint.scan.report import Reason

_CODES = {
    "forbidden_global": "pickle_global",
    "hidden_global": "pickle_global",
    "too_deep": "pickle_bomb",
    "too_large": "pickle_bomb",
}
MAX_OBJECTIONS = 50  # told; the first says enough


def check_pickle(look: Look) -> Iterator[Reason]:
    """A file that is one pickle, or PyTorch's of before 1.6."""
    with look.file.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        found = survey(raw, look.name)
    yield from survey_reasons(found, look.name)
    if found.is_harmless:
        yield from value_reasons(look)


def survey_reasons(found: PickleSurvey, place: str, offset: int = 0) -> Iterator[Reason]:
    """What a survey found; ``offset`` is where the pickle begins in the file."""
    named = any(objection.reason in _CODES for objection in found.objections)
    for objection in found.objections[:MAX_OBJECTIONS]:
        code = _CODES.get(objection.reason, "pickle_call")
        if named and objection.reason == "forbidden_reduce":
            continue  # a call of what was told already
        yield Reason(code, f"{place}@{offset + objection.at}", objection.message)
    if found.problem:
        code = _CODES.get(found.problem.reason, "pickle_damaged")
        yield Reason(code, f"{place}@{offset + found.problem.at}", found.problem.message)
    elif not found.is_well_formed:
        where = f"{place}@{offset + found.end}"
        if found.pickles > 1:
            message = f"{found.pickles} pickles stand one after the other"
        else:
            message = f"{found.size_bytes - found.end} bytes follow the pickle"
        yield Reason("hidden_bytes", where, message)
    elif found.is_harmless:
        yield Reason("pickle_convert", place, _asked_for(found))


def _asked_for(found: PickleSurvey) -> str:
    names = sorted({f"{use.module}.{use.name}" for use in found.globals})
    if not names:
        return "a pickle of plain values"
    shown = ", ".join(names[:4]) + (", and others" if len(names) > 4 else "")
    return f"a pickle that asks for no more than {shown}"
