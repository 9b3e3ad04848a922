"""Looks through a finished release, and earlier ones, for everything that is withheld.

The order of the work: what is withheld is read once and kept as samples; every file of the release,
and everything inside it, is then read once. An error on the way ends in an undecided check, never
in a clean one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from paddock.errors import PaddockError
from paddock.release.leaks.contents import parts, told
from paddock.release.leaks.report import LeakReport, Unread
from paddock.release.leaks.searching import Search
from paddock.release.leaks.withheld_content import WithheldContent, read_withheld
from paddock.release.withholding.withheld import Withheld

# What the benchmark measured; docs/leak-check.md has the tables.
LIMITS: Final = (
    "noise of over half a tensor's own size at 64 rows and columns, of over 1.5 times it at 256, "
    "of over half of it where a few columns are many times as loud as the others",
    "a low-rank shift over 4 times the tensor's size whose rank is over 72 or over an eighth of "
    "its shorter side",
    "rows and columns both in another order, with noise over a tenth of the tensor's size, under "
    "4 bits (8 where a few columns are many times as loud), or a low-rank shift over a tenth of "
    "its size",
    "less than a tenth of a tensor's rows and columns (with noise or a shift: less than a third), "
    "or pieces narrower than 96 numbers, when their bytes are not as they were",
    "whatever mixes numbers: rotations, encryption, an order of single elements",
)


def check_leaks(
    release: Path,
    source: Path,
    withheld: Withheld,
    older: Sequence[Path] = (),
    *,
    parents: Sequence[Path] = (),
) -> LeakReport:
    """Whether anything of ``withheld``, as it is in ``source``, is in ``release`` or ``older``.

    ``parents`` are checkpoints that are public: a likeness that they explain is no leak.
    """
    items = tuple(item.id for item in withheld.items)
    if not items:
        return LeakReport(())
    try:
        content = read_withheld(source, withheld, parents)
    except (PaddockError, OSError) as e:
        reason = f"what is withheld cannot be read: {told(e)}"
        return LeakReport(items, unread=(Unread("source", reason),))
    search = Search(content)
    _look_through(search, release, "")
    for number, folder in enumerate(older, 1):
        _look_through(search, folder, f"older/{number}/")
        search.coverage.older += 1
    search.finish()
    return _report(items, content, search)


def _look_through(search: Search, folder: Path, prefix: str) -> None:
    for part in parts(folder, prefix):
        if isinstance(part, Unread):
            search.unread.append(part)
            continue
        try:
            search.look_into(part)
        except (PaddockError, OSError, ValueError, MemoryError) as e:
            search.unread.append(Unread(part.name, f"looking into it ended early: {told(e)}"))


def _report(items: tuple[str, ...], content: WithheldContent, search: Search) -> LeakReport:
    unread = {each.path: each for each in reversed(search.unread)}
    for name in content.unread:
        reason = "it is withheld, and not all of it can be compared"
        unread[f"source:{name}"] = Unread(f"source:{name}", reason)
    if search.tensors.combinations.is_full:
        reason = "there are too many tensors to try all their sums"
        unread.setdefault("sums of tensors", Unread("sums of tensors", reason))
    notes = [f"too little or too common to be recognised: {each}" for each in content.untold]
    return LeakReport(
        items=items,
        findings=tuple(
            sorted(search.findings.values(), key=lambda f: (f.item, f.withheld, f.path))
        ),
        unread=tuple(unread[path] for path in sorted(unread)),
        coverage=search.coverage,
        limits=LIMITS,
        notes=tuple(notes),
    )
