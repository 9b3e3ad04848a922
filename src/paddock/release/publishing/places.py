"""Where a release goes, one kind of place after another; each is made whole or left as it was.

Knows the kinds of destinations, and which token may go where: the hub's to the hub of the settings,
the Hugging Face Hub's to that hub, a registry's to the registry it was kept for, and none to an
address that only a release file names. Asks every place before anything is built, so that a wrong
token does not cost an hour first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddock.errors import UsageError
from paddock.release.publishing.folders import copy_release
from paddock.release.publishing.outgoing import Outgoing
from paddock.release.spec.access import Access
from paddock.release.spec.publish import (
    Destination,
    FolderDestination,
    HubDestination,
    HuggingFaceDestination,
    OciDestination,
)

# The stock client takes as long to import as 200 MB to release: only who publishes waits for it.
if TYPE_CHECKING:
    from paddock.release.publishing.hub_client import Hub


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose hubs and folders these are, and who hears what is going on."""

    hub_url: str
    token: str | None
    hugging_face_url: str
    hugging_face_token: str | None
    base: Path  # what a destination's folder is relative to
    sessions: Path  # where unfinished uploads to registries are remembered
    progress: Callable[[str], None]
    show_progress: bool = False

    @property
    def unfinished(self) -> Path:
        """Where repositories that are not whole yet are remembered."""
        return self.sessions.with_name("unfinished")

    def hub_of(self, destination: HubDestination | HuggingFaceDestination) -> Hub:
        """The hub, with the token that may go there; raises UsageError for any other."""
        from paddock.release.publishing.hub_client import Hub

        if isinstance(destination, HubDestination):
            known, token, flag = self.hub_url, self.token, "--hub"
        else:
            known, token, flag = self.hugging_face_url, self.hugging_face_token, None
            token = self.token if token is None and _same(known, self.hub_url) else token
        if destination.url is not None and not _same(destination.url, known):
            way = f"add {flag} {destination.url}" if flag else "set huggingface_url"
            raise UsageError(
                f"the release is for the hub at {destination.url}, and your settings name {known}",
                hint=f"if you mean it, {way} and use a token of that hub",
            )
        return Hub(known, token)


def require_ready(destinations: Sequence[Destination], reach: Reach) -> None:
    """Raise what would keep us from publishing at one of them."""
    hubs = {
        reach.hub_of(there)
        for there in destinations
        if isinstance(there, HubDestination | HuggingFaceDestination)
    }
    if hubs:
        from paddock.release.publishing.hub_client import client_of, sign_in

        for hub in sorted(hubs, key=str):
            sign_in(client_of(hub, show_progress=reach.show_progress), hub)
    for there in destinations:
        if isinstance(there, OciDestination):
            from paddock.release.publishing.oci.push import require_registry

            require_registry(there.ref, plain_http=there.plain_http)


def publish_to(
    destination: Destination, release: Outgoing, access: Access, reach: Reach
) -> dict[str, Any]:
    """Publish at one place, and say what happened there."""
    match destination:
        case FolderDestination():
            outcome = _to_folder(release, reach.base / destination.path)
        case OciDestination():
            outcome = _to_registry(release, destination, reach)
        case _:
            outcome = _to_hub(release, access, destination, reach)
    identity = {"name": release.name, "version": release.version, "root": release.root}
    return {"to": destination.to, **identity, **outcome}


def _to_folder(release: Outgoing, target: Path) -> dict[str, Any]:
    changed = copy_release(release, target)
    what = "copied" if changed else "is already"
    return {
        "path": str(target),
        "changed": changed,
        "files": len(release.files),
        "sentence": f"{release.name} {release.version} {what} in {target}",
    }


def _to_registry(release: Outgoing, there: OciDestination, reach: Reach) -> dict[str, Any]:
    from paddock.release.publishing.oci.push import push_release
    from paddock.release.publishing.oci.reference import parse_reference

    pushed = push_release(
        release,
        parse_reference(there.ref),
        plain_http=there.plain_http,
        sessions=reach.sessions,
        progress=reach.progress,
    )
    return {
        "reference": pushed.reference,
        "digest": pushed.digest,
        "files": pushed.files,
        "size_bytes": pushed.size_bytes,
        "sent": pushed.sent,
        "changed": pushed.changed,
        "sentence": pushed.sentence,
    }


def _to_hub(
    release: Outgoing,
    access: Access,
    there: HubDestination | HuggingFaceDestination,
    reach: Reach,
) -> dict[str, Any]:
    from paddock.release.publishing.publish import publish_to_hub

    hub = reach.hub_of(there)
    published = publish_to_hub(release, access, hub, there.repo, reach)
    return {
        "repo": published.repo,
        "url": published.url,
        "revision": published.tag,
        "commit": published.commit,
        "tag": published.tag,
        "files": published.files,
        "size_bytes": published.size_bytes,
        "changed": published.changed,
        "created": published.created,
        "deleted": list(published.deleted),
        "sentence": published.sentence,
    }


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
