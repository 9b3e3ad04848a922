"""What somebody is told whom a gate keeps out, in the Hub's own words and with a link that works.

Stock clients show the sentence as it is (hub-protocol: gated repositories). Decides nothing.
"""

from __future__ import annotations

from paddock.hub.errors import GatedForCaller, GatedForStranger
from paddock.hub.types import Repository


def to_stranger(repo: Repository) -> GatedForStranger:
    """For who is not signed in."""
    return GatedForStranger(
        f"{_restricted(repo)}. You must have access to it and be authenticated to access it. "
        "Please log in."
    )


def to_token(repo: Repository) -> GatedForCaller:
    """For a fine-grained token, whoever has it."""
    return GatedForCaller(
        f"{_restricted(repo)}, and this fine-grained token does not reach gated repositories."
    )


def to_user(repo: Repository, status: str | None) -> GatedForCaller:
    """For a user, by how they stand (``gates.standing``)."""
    asked = f"Your request to access {repo.kind} {repo.full_name}"
    if status == "pending":
        return GatedForCaller(f"{asked} is awaiting a review from the repo authors.")
    if status == "rejected":
        return GatedForCaller(
            f"{asked} has been rejected by the repo's authors.",
            ask_at=f"{repo.web_path}/ask-access",
            ask_to="see why",
        )
    ended = ": your access has ended" if status == "expired" else ""
    return GatedForCaller(
        f"{_restricted(repo)}{ended} and you are not in the authorized list.", ask_at=repo.web_path
    )


def to_who_owes(repo: Repository) -> GatedForCaller:
    """For who was let in, and has not accepted the terms that bind now."""
    return GatedForCaller(
        f"{_restricted(repo)} and you are not in the authorized list: you have not accepted the "
        "terms that it has now.",
        ask_at=f"{repo.web_path}/ask-access",
        ask_to="accept them",
    )


def _restricted(repo: Repository) -> str:
    return f"Access to {repo.kind} {repo.full_name} is restricted"
