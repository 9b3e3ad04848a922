"""Asking for access in a user's name, however it was sent: by a client's JSON or a page's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from paddock.hub import access
from paddock.hub.gates import requests
from paddock.hub.gates.forms import check_answers, read_gate
from paddock.hub.names import RepositoryName
from paddock.hub.types import Caller, Need, Repository


class Asked(NamedTuple):
    """A repository, and how the caller stands with it now."""

    repo: Repository
    status: str


def ask_for_access(
    conn: sa.Connection, caller: Caller, name: RepositoryName, answers: Mapping[str, Any]
) -> Asked:
    """Ask to be let in; raises NotGated, BadAnswer, GatedForCaller, or what hides the repository.

    Asking changes nothing but the caller's own request, so a token that reads may do it.
    """
    repo = access.open_to_change(conn, caller, name, Need.METADATA)
    user = access.require_user(caller)
    if caller.scopes is not None:  # a bounded token asks where it was allowed to
        access.require_writing_token(caller)
    requests.require_gate(repo)
    if access.may_write(conn, caller, repo):
        return Asked(repo, "accepted")  # the gate is open for them
    checked = check_answers(read_gate(repo.card), answers)
    return Asked(repo, requests.ask(conn, repo, user, checked))
