"""What happened in a report, in one sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from paddock.hub.reports.states import State
from paddock.hub.reports.values import Said

_SHORT = 12  # characters of a commit's id


def sentence(type_: Said, facts: Mapping[str, Any]) -> str:
    """What happened, after who did it: “ada ”, “the reporter ”."""
    match type_:
        case Said.MESSAGE:
            return "wrote"
        case Said.STATE:
            return _state(facts)
        case Said.SEVERITY:
            how = f" ({facts['impact']} impact, {facts['ease']})" if facts.get("impact") else ""
            return f"set the severity to {facts['severity']}{how}"
        case Said.VISIBILITY:
            return _visibility(facts)
        case Said.CREDIT:
            return "wants to be named" if facts["credited"] else "wants to stay unnamed"
        case Said.ORIGINAL:
            return f"the report that this one repeats {becomes(facts)}"
        case Said.JOINED:
            return "found another report that says the same"
        case Said.REPLAY:
            same = "the same" if facts["identical"] else "another"
            return f"replayed it on {facts['commit'][:_SHORT]}: {same} output"
        case Said.CASE:
            where = f"pull request {facts['num']}" if "num" in facts else facts["commit"][:_SHORT]
            return f"added the case {facts['path']} ({where})"
        case Said.ADVISORY:
            return f"published the advisory {facts['name']}"


def becomes(facts: Mapping[str, Any]) -> str:
    """A report's new state, behind its title."""
    where = f" in {facts['fixed_in']}" if facts.get("fixed_in") else ""
    return f"is {State(facts['to']).label}{where}"


def _state(facts: Mapping[str, Any]) -> str:
    if facts.get("withdrawn"):
        return "withdrew the report"
    where = f" in {facts['fixed_in']}" if facts.get("fixed_in") else ""
    return (
        f"changed the state from {State(facts['from']).label} to {State(facts['to']).label}{where}"
    )


def _visibility(facts: Mapping[str, Any]) -> str:
    if facts["public_from"] is None:
        return "keeps the report private"
    if not facts.get("embargo"):
        return "made the report public"
    day = datetime.fromisoformat(facts["public_from"]).date()
    return f"set an embargo: the report becomes public on {day}"
