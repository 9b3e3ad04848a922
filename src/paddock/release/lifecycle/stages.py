"""A stage as a hub's settings, and asking a hub to keep to what was announced.

Paddock's hub reads the signed events itself when an owner asks it to, and applies each when it is
due. Other hubs know nothing of events: there the settings are changed by the client, now or never.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from huggingface_hub import HfApi
from huggingface_hub.utils import get_session, hf_raise_for_status  # type: ignore[attr-defined]

from paddock.errors import NotFound
from paddock.release.publishing.hub_client import Hub, speaking_to
from paddock.signing.events.event import Stage


class Settings(NamedTuple):
    """What a hub knows of stages."""

    private: bool
    gated: Literal["auto", "manual", False]


def settings_of(stage: Stage, mechanism: str | None) -> Settings:
    """internal, trusted and invited are private, gated asks or reviews, open is open.

    Paddock's own hub lets in whom its owners invited, by the announcement itself.
    """
    if stage in {"internal", "trusted", "invited"}:
        return Settings(private=True, gated=False)
    if stage == "gated":
        return Settings(private=False, gated="manual" if mechanism == "manual" else "auto")
    return Settings(private=False, gated=False)


def ask_hub_to_follow(api: HfApi, hub: Hub, repo: str) -> bool:
    """Let the hub apply what was announced; False for a hub that cannot. Needs an owner's token."""
    address = f"{hub.url.rstrip('/')}/api/models/{repo}/lifecycle"
    headers = api._build_hf_headers()
    try:
        with speaking_to(hub, f"asking it to follow the stages of {repo}"):
            hf_raise_for_status(get_session().post(address, headers=headers))
    except NotFound:
        return False
    return True


def change_settings(api: HfApi, hub: Hub, repo: str, stage: Stage, mechanism: str | None) -> None:
    """The stage on a hub that follows nothing, now."""
    settings = settings_of(stage, mechanism)
    with speaking_to(hub, f"changing the access to {repo}"):
        api.update_repo_settings(repo, private=settings.private, gated=settings.gated)
