"""Stages that release.yaml names: announced where the release went, if a hub can keep them.

The same command again announces nothing twice, so what failed after the publication is made up for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from paddock.release.lifecycle.announcing import announce_schedule
from paddock.release.lifecycle.stages import ask_hub_to_follow
from paddock.release.publishing.hub_client import client_of
from paddock.release.publishing.places import Reach
from paddock.release.spec.access import Access
from paddock.release.spec.publish import Destination, HubDestination, HuggingFaceDestination
from paddock.signing.events.standing import event_json
from paddock.signing.sslib import Signer


def announce_stages(
    there: Destination, access: Access, reach: Reach, signer: Signer, now: datetime
) -> dict[str, Any]:
    """What was announced at a destination, and whether the hub keeps to it; nothing elsewhere."""
    if not access.announced or not isinstance(there, HubDestination | HuggingFaceDestination):
        return {}
    hub = reach.hub_of(there)
    api = client_of(hub, show_progress=False)
    announced = announce_schedule(there.repo, access, signer, api, hub, now)
    follows = ask_hub_to_follow(api, hub, there.repo)
    if not follows:
        reach.progress(
            f"warning: the hub at {hub.url} follows no announced stages: it invites nobody, and "
            "`paddock release stage` changes the stage when it is time"
        )
    return {"stages": [event_json(one.event) for one in announced], "follows_stages": follows}
