"""Whether this hub serves a model, and to whoever asks; and which others beside it.

Knows how the hub was started and what its models' API offers; asks no model anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa
from fastapi import Request

from paddock.errors import PaddockError
from paddock.hub import access
from paddock.hub.scans.verdicts import is_weights_name
from paddock.hub.types import Caller as HubCaller
from paddock.hub.types import Repository
from paddock.web.serving.mount import Models


class Standing(StrEnum):
    """How a visitor stands with a model."""

    SERVED = "served"
    SIGN_IN = "sign_in"  # it may be served, but to nobody that is not known
    GATED = "gated"  # access must be asked for first
    EMPTY = "empty"  # there is no model in the repository yet
    NOT_THIS = "not_this"  # others are served, this one is not
    NONE = "none"  # no model is served here


def models_of(request: Request) -> Models | None:
    """The API of models beside the hub, as it was started."""
    models: Models | None = request.app.state.models
    return models


def before_serving(
    conn: sa.Connection,
    caller: HubCaller,
    repo: Repository,
    names: Sequence[str],
    models: Models | None,
) -> Standing | None:
    """What stands against asking, as far as the rows tell; None where nothing does.

    ``names`` are those of the files beside the card.
    """
    if not any(is_weights_name(name) for name in names):
        return Standing.EMPTY
    if models is None or models.serving is None:
        return Standing.NONE
    if caller.account is None:
        return Standing.SIGN_IN
    try:
        access.require_content(conn, caller, repo)
    except PaddockError:
        return Standing.GATED
    return None


async def standing(models: Models | None, caller: HubCaller, repo: Repository) -> Standing:
    """The rest of it: whether the model is among those that are served."""
    if models is None or models.serving is None:
        return Standing.NONE
    from paddock.serve.callers import Caller  # of what a hub that serves no models never loads

    offered = await models.serving.offers(repo.full_name, Caller("", credential=caller))
    return Standing.SERVED if offered else Standing.NOT_THIS


class Other(NamedTuple):
    """A model that may answer side by side."""

    name: str
    revision: str


async def others(models: Models | None, caller: HubCaller, repo: Repository) -> list[Other]:
    """All that are served to the caller, but this one."""
    if models is None or models.serving is None:
        return []
    from paddock.serve.callers import Caller

    listed = await models.serving.models(Caller("", credential=caller))
    found = [Other(each.name, each.root.partition("@")[2]) for each in listed]
    return [each for each in found if each.name != repo.full_name]
