"""What a hub says of a release besides its files: newer update metadata, and announced events.

Asks the hub; what it answers is judged by the keys and roots that the reader trusts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from paddock.release.files.manifest import UPDATES_FOLDER
from paddock.release.publishing.hub_client import Hub, client_of
from paddock.release.target import RepositoryTarget
from paddock.release.verifying.events import with_events
from paddock.release.verifying.fetch import fetched_updates, is_same_publisher
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verdict import Verdict
from paddock.signing.errors import BadSignature


@contextmanager
def renewed(
    hub: Hub, wanted: RepositoryTarget, folder: Path, updates: Updates
) -> Iterator[Updates]:
    """``updates`` with what main has of metadata, where a revision carries some."""
    carries = (folder / UPDATES_FOLDER).is_dir()
    if wanted.revision is None or updates.newer is not None or not carries:
        yield updates
        return
    with fetched_updates(hub, wanted) as newer:
        is_same = newer is not None and is_same_publisher(newer, folder / UPDATES_FOLDER)
        yield replace(updates, newer=newer) if is_same else updates


def told_by(hub: Hub, wanted: RepositoryTarget, verdict: Verdict, trust: Trust) -> Verdict:
    """The verdict in the light of what was announced in the repository."""
    from paddock.release.lifecycle.remote import fetch_log

    if verdict.subject.sha256 is None:
        return verdict
    try:
        log = fetch_log(client_of(hub, show_progress=False), hub, wanted.repo).log
    except BadSignature as e:
        note = f"what was announced of it cannot be read: {e.message}"
        return replace(verdict, notes=(*verdict.notes, note))
    return with_events(verdict, log, trust)
