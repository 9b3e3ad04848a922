"""A likeness between a released tensor and a withheld one, in words for people."""

from __future__ import annotations

from typing import NamedTuple

from paddock.release.leaks.aligned import Match
from paddock.release.leaks.null import in_words
from paddock.release.leaks.permuted import Alignment
from paddock.release.leaks.report import Finding
from paddock.release.leaks.targets import Target


class FoundTensor(NamedTuple):
    """A finding, and whose content it is."""

    owner: tuple[str, str]
    finding: Finding


def of_match(path: str, place: str, match: Match) -> FoundTensor:
    """The same rows or columns."""
    target = match.target
    words = [
        "the same rows" if match.axis == "rows" else "the same columns",
        "" if match.axis == match.found_in else "transposed",
        "" if match.signed else "with other signs",
        "shifted by something of low rank" if match.low_rank else "cast, scaled or quantised",
    ]
    if target.is_vector:
        words[0] = "the same vector"
    measured = (
        f"{match.share:.2f} of the probes found, correlation {match.correlation:.3f}, "
        f"{in_words(match.log_chance)}"
    )
    disguise = ", ".join(word for word in words if word)
    finding = Finding(target.item, target.name, path, place, disguise, measured)
    return FoundTensor((target.item, target.name), finding)


def of_order(path: str, place: str, what: tuple[Target, Alignment, str]) -> FoundTensor:
    """Both in another order."""
    target, best, words = what
    disguise = "rows and columns in another order"
    measured = (
        f"{best.share:.2f} of the rows found, correlation {best.correlation:.3f}, "
        f"{in_words(best.log_chance)}"
    )
    disguise = f"{disguise}, {words}" if words else disguise
    finding = Finding(target.item, target.name, path, place, disguise, measured)
    return FoundTensor((target.item, target.name), finding)
