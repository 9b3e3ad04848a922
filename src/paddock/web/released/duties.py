"""What licences ask of whoever passes a model on, and what they allow: from the table of terms.

Knows which licences a repository names; quotes the table, which is not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from paddock.hub.releases.values import Statement
from paddock.release.licences.expression import names_in
from paddock.release.licences.table import known_licences
from paddock.release.licences.terms import GRANTS, Terms

MAX_LICENCES = 20
_DUTIES = {
    "copy_licence": "Pass the licence's text on",
    "notice_file": "Carry a notice",
    "display": "Show words about the model",
    "name_prefix": "Begin the name of what you make with a word",
    "mark_changes": "Mark what you changed",
    "keep_notices": "Keep notices",
    "pass_restrictions": "Bind the next user to its limits of use",
    "same_terms": "Pass changes on under the same terms",
    "aup": "Keep to a policy of acceptable use",
    "register": "Tell the licensor",
    "revenue_ceiling": "Stay under a revenue",
    "mau_ceiling": "Stay under a number of users",
    "territory_exclude": "Not in some places",
}
_GRANTS = {
    "commercial": "Use for business",
    "modify": "Change it",
    "redistribute": "Pass it on",
    "outputs_train": "Train other models on its outputs",
}


class Duty(NamedTuple):
    """One thing a licence asks."""

    what: str
    licence: str
    section: str
    quote: str


class Grant(NamedTuple):
    """What may be done, if anybody says: yes, no, or not spoken of."""

    what: str
    is_allowed: bool | None
    said_by: str


class LicenceTerms(NamedTuple):
    """All of it."""

    duties: tuple[Duty, ...]
    grants: tuple[Grant, ...]
    unknown: tuple[str, ...]  # licences that are not in the table


def terms_of(licences: Iterable[str], statement: Statement | None = None) -> LicenceTerms:
    """Of the licences that a card or a release names; grants as the release computed them."""
    names = list(
        dict.fromkeys(name for said in licences for name in (*names_in(said),) or (said,))
    )[:MAX_LICENCES]
    found = [(name, known_licences().find(name)) for name in names]
    known = list(dict.fromkeys(terms for _, terms in found if terms is not None))
    duties = [
        Duty(_DUTIES[duty.kind], terms.name, duty.words.at, duty.text or duty.words.says)
        for terms in known
        for duty in terms.duties
    ]
    grants = _computed(statement) or _granted(known)
    unknown = tuple(name for name, terms in found if terms is None)
    return LicenceTerms(tuple(dict.fromkeys(duties)), tuple(grants), unknown)


def licences_of(statement: Statement) -> list[str]:
    """The licence of the weights, and those of the models they came from."""
    own = statement.licences.get("distribution")
    inherited = [a.licence for a in statement.ancestors if a.licence is not None]
    return [name for name in (own, *inherited) if name is not None]


def _computed(statement: Statement | None) -> list[Grant]:
    """What the release says of grants: taken together over everything it came from."""
    found = []
    for name in GRANTS if statement is not None else ():
        fact = statement.fact(f"licence.grant.{name}") if statement is not None else None
        if fact is not None and fact.words in {"yes", "no"}:
            found.append(Grant(_GRANTS[name], fact.words == "yes", fact.by or fact.source))
    return found


def _granted(known: Sequence[Terms]) -> list[Grant]:
    """What the licences' own words grant: forbidden by one is forbidden."""
    found = []
    for name in GRANTS:
        said = [(terms.grants[name].value, terms.name) for terms in known if name in terms.grants]
        spoken = [(value, by) for value, by in said if value is not None]
        if spoken:
            value, by = min(spoken)
            found.append(Grant(_GRANTS[name], value, by))
    return found
