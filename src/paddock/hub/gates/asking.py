"""Asking for access in a user's name, however it was sent: by a client's JSON or a page's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.gates import acceptances, requests, rules
from paddock.hub.gates.forms import check_answers, read_gate
from paddock.hub.gates.standing import grant_of
from paddock.hub.gates.terms import read_terms
from paddock.hub.names import RepositoryName
from paddock.hub.types import Account, Caller, Need, Repository


class Sent(NamedTuple):
    """The answers to a gate's questions, and the digest of the terms that are accepted."""

    answers: Mapping[str, Any]
    accepted_terms: str | None = None


class Asked(NamedTuple):
    """A repository, and how the caller stands with it now."""

    repo: Repository
    status: str


def ask_for_access(conn: sa.Connection, caller: Caller, name: RepositoryName, sent: Sent) -> Asked:
    """Ask to be let in, or accept the terms that bind now.

    Raises NotGated, BadAnswer, TermsNotAccepted, TermsChanged, GatedForCaller, or what hides the
    repository. This changes nothing but the caller's own request, so a token that reads may do it.
    """
    repo = access.open_to_change(conn, caller, name, Need.METADATA)
    user = access.require_user(caller)
    if caller.scopes is not None:  # a bounded token asks where it was allowed to
        access.require_writing_token(caller)
    requests.require_gate(repo)
    if access.may_write(conn, caller, repo):
        return Asked(repo, "accepted")  # the gate is open for them
    standing = requests.own_standing(conn, repo, user)
    must_wait = _accept_terms(conn, repo, user, sent.accepted_terms)
    grant = grant_of(conn, repo.id, user.id)
    if grant is not None and grant.status == "accepted":
        is_own = grant.holder_id == user.id  # what an organisation was granted is not theirs
        if must_wait and is_own:
            return Asked(repo, requests.wait_again(conn, repo, user))
        return Asked(repo, "accepted")
    if standing == "pending":
        return Asked(repo, standing)
    gate = read_gate(repo.card)
    answers = check_answers(gate, sent.answers)
    known = rules.known_of(conn, user, gate, answers)
    verdict = rules.judge(rules.list_rules(conn, repo), known, repo.gated == "auto")
    return Asked(repo, requests.ask(conn, repo, user, answers, verdict))


def _accept_terms(conn: sa.Connection, repo: Repository, user: Account, digest: str | None) -> bool:
    """Write down what the user accepts, where they owe it; whether a person shall look again."""
    terms = read_terms(conn, repo)
    if terms is None or acceptances.has_accepted(conn, repo, user, terms.digest):
        return False
    must_wait = terms.needs_review and acceptances.accepted_others(conn, repo, user)
    acceptances.accept(conn, repo, user, terms, digest)
    return must_wait
