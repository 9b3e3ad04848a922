"""Looks through a finished release for everything that is withheld from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from paddock.release.leaks.report import LeakReport, Unread
from paddock.release.withholding.withheld import Withheld


def check_leaks(
    release: Path,
    source: Path,
    withheld: Withheld,
    older: Sequence[Path] = (),
    *,
    parents: Mapping[str, Path] | None = None,
) -> LeakReport:
    """Whether anything of ``withheld``, as it is in ``source``, is in ``release`` or ``older``.

    ``parents`` are folders of public models by their id: what is as similar to one of them is not
    held against the release.
    """
    items = tuple(item.id for item in withheld.items)
    unread = (Unread(release.name, "the leak check is not whole yet"),) if items else ()
    return LeakReport(items, unread=unread)
