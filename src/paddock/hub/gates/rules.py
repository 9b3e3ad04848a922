"""Rules about who is let in by a gate: by the country that they declare, by their mail's domain.

The strictest rule that holds decides: ``deny``, and ``only`` that does not name them, refuse;
``review`` has a person look, also at a gate that opens by itself. What is not known lets nobody in
by itself: without an answer to a question of kind country, or without an address that was proven
to be theirs, ``only`` refuses and any other rule of that subject asks for review. Countries are
what people say; no address on the internet is taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from paddock.errors import BadInput, shown
from paddock.hub.audit_log.acts import Act
from paddock.hub.audit_log.noting import note
from paddock.hub.gates.countries import find_country
from paddock.hub.gates.forms import Gate
from paddock.hub.gates.tables import gate_rules
from paddock.hub.tables import accounts
from paddock.hub.types import Account, Repository

COUNTRY, DOMAIN = "country", "domain"
SUBJECTS: Final = (COUNTRY, DOMAIN)
DENY, ONLY, REVIEW = "deny", "only", "review"
EFFECTS: Final = (DENY, ONLY, REVIEW)
MAX_RULES = 300
_MAX_DOMAIN_CHARS = 255
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})+")
REFUSED: Final = "The rules of this gate do not let you in."  # all that the person is told


class Rule(NamedTuple):
    """``value`` is a country's name, or a domain; ``*.`` before it stands for all under it."""

    subject: str
    effect: str
    value: str


class Verdict(NamedTuple):
    """What becomes of a request; ``why`` is for those who keep the repository."""

    status: str  # "accepted" | "pending" | "rejected"
    why: str | None = None


class Known(NamedTuple):
    """What a gate knows of who asks: the countries they declare, and a proven mail's domain."""

    countries: tuple[str, ...] = ()
    domain: str | None = None


def judge(rules: Iterable[Rule], known: Known, opens_itself: bool) -> Verdict:
    """Decide by the rules, and else by how the gate opens."""
    reviews: list[str] = []
    mine = sorted(rules)
    for subject in SUBJECTS:
        about = [rule for rule in mine if rule.subject == subject]
        if not about:
            continue
        values = known.countries if subject == COUNTRY else (known.domain,) if known.domain else ()
        verdict = _judge(about, subject, values)
        if verdict.status == "rejected":
            return verdict
        if verdict.why is not None:
            reviews.append(verdict.why)
    if reviews:
        return Verdict("pending", "; ".join(reviews))
    return Verdict("accepted" if opens_itself else "pending")


def known_of(
    conn: sa.Connection, user: Account, gate: Gate, answers: Mapping[str, Any] | None
) -> Known:
    """What a gate may go by: an address counts once somebody proved to read what is sent there."""
    asked = [field.name for field in gate.fields if field.kind == "country"]
    countries = tuple(dict.fromkeys(str((answers or {})[name]) for name in asked))
    query = sa.select(accounts.c.email, accounts.c.email_verified_at)
    row = conn.execute(query.where(accounts.c.id == user.id)).one()
    is_proven = row.email is not None and row.email_verified_at is not None
    return Known(countries, row.email.rpartition("@")[2].lower() if is_proven else None)


def list_rules(conn: sa.Connection, repo: Repository) -> list[Rule]:
    """A repository's, in their order."""
    c = gate_rules.c
    query = sa.select(c.subject, c.effect, c.value).where(c.repo_id == repo.id)
    return sorted(Rule(*row) for row in conn.execute(query))


def set_rules(conn: sa.Connection, repo: Repository, new: Sequence[Rule]) -> None:
    """Let a repository have these rules and no others; raises BadInput."""
    if len(new) > MAX_RULES:
        raise BadInput(f"{len(new)} rules", hint=f"{MAX_RULES} at most")
    checked = [_checked(rule) for rule in new]
    named = [(rule.subject, rule.value) for rule in checked]
    if twice := next((pair for pair in named if named.count(pair) > 1), None):
        raise BadInput(f"two rules about the {twice[0]} {shown(twice[1])}", hint="keep one")
    conn.execute(gate_rules.delete().where(gate_rules.c.repo_id == repo.id))
    if checked:
        rows = [{"repo_id": repo.id, **rule._asdict()} for rule in checked]
        conn.execute(gate_rules.insert(), rows)
    note(conn, Act.REPO_SETTINGS, repo=repo, what="access rules", count=len(checked))


def _judge(rules: Sequence[Rule], subject: str, values: Sequence[str]) -> Verdict:
    """By the rules of one subject."""
    are_only = any(rule.effect == ONLY for rule in rules)
    if not values:
        why = "no country was declared" if subject == COUNTRY else "no address was proven"
        return Verdict("rejected" if are_only else "pending", why)
    matching = {value: {rule.effect for rule in rules if _matches(rule, value)} for value in values}
    for value, effects in matching.items():
        if DENY in effects:
            return Verdict("rejected", f"the {subject} {value} is not let in")
        if are_only and ONLY not in effects:
            return Verdict("rejected", f"the {subject} {value} is not among those let in")
    looked_at = [value for value, effects in matching.items() if REVIEW in effects]
    return Verdict("pending", f"the {subject} {looked_at[0]} is looked at" if looked_at else None)


def _matches(rule: Rule, value: str) -> bool:
    if rule.value.startswith("*."):
        return value.endswith(rule.value[1:])
    return value == rule.value


def _checked(rule: Rule) -> Rule:
    if rule.subject not in SUBJECTS:
        raise BadInput(f"{shown(rule.subject)} is nothing to judge by", hint="country or domain")
    if rule.effect not in EFFECTS:
        raise BadInput(f"{shown(rule.effect)} is no effect of a rule", hint="deny, only or review")
    if rule.subject == COUNTRY:
        country = find_country(rule.value)
        if country is None:
            raise BadInput(f"{shown(rule.value)} is not a country", hint="a code, or its name")
        return rule._replace(value=country)
    domain = rule.value.strip().lower().removeprefix("@")
    if len(domain) > _MAX_DOMAIN_CHARS or not _DOMAIN.fullmatch(domain):
        hint = "write it as example.org, or *.example.org for all under it"
        raise BadInput(f"{shown(rule.value)} is not a domain", hint=hint)
    return rule._replace(value=domain)
