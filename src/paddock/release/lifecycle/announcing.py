"""An event about a published release: signed with a key of the release, added, pushed.

What is announced stays: events are only added, and a revoked release stays revoked. The key must be
one that release.json names, because nobody listens to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huggingface_hub import HfApi

from paddock.errors import BadInput, Conflict
from paddock.release.lifecycle.errors import NotThisReleasesKey
from paddock.release.lifecycle.remote import RemoteRelease, fetch_log, fetch_release, push_log
from paddock.release.publishing.hub_client import Hub
from paddock.release.spec.access import Access
from paddock.signing.dsse import sign_envelope
from paddock.signing.events.advisory import Advisory
from paddock.signing.events.event import PAYLOAD_TYPE, Event, Kind, Stage, render_event
from paddock.signing.events.log import extended
from paddock.signing.events.standing import stage_at, standing_of
from paddock.signing.signers import public_key_of
from paddock.signing.sslib import Signer


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is to be said of which release."""

    repo: str
    revision: str | None
    kind: Kind
    reason: str
    replacement: str | None = None
    advisory: Advisory | None = None
    stage: Stage | None = None
    mechanism: str | None = None
    effective: datetime | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """What was said, and where."""

    event: Event
    commit: str
    repo: str


def announce(
    wanted: Announcement, signer: Signer, api: HfApi, hub: Hub, now: datetime
) -> Announced:
    """Sign and push one event, in one commit.

    Raises NoRelease, NotThisReleasesKey, Conflict where it was said already, and what the hub says.
    """
    release = fetch_release(api, hub, wanted.repo, wanted.revision)
    _require_key(release, signer)
    before = fetch_log(api, hub, wanted.repo)
    events = before.log.by(release.keys)
    _require_new(wanted, release, events)
    last = before.log.events[-1].event if before.log.events else None
    if last is not None and last.at > now:
        raise Conflict(f"the newest event is dated {last.at}, which is to come: check your clock")
    event = Event(
        kind=wanted.kind,
        number=last.number + 1 if last else 1,
        name=release.manifest.name,
        version=release.manifest.version,
        release=release.sha256,
        reason=wanted.reason,
        at=now,
        previous=before.log.head,
        replacement=wanted.replacement,
        advisory=wanted.advisory,
        stage=wanted.stage,
        mechanism=wanted.mechanism,
        effective=wanted.effective,
    )
    envelope = sign_envelope(render_event(event), PAYLOAD_TYPE, [signer])
    log = extended(before.log, envelope, public_key_of(signer))
    commit = push_log(api, hub, wanted.repo, log, before, event.sentence[:200])
    return Announced(event, commit, wanted.repo)


def _require_key(release: RemoteRelease, signer: Signer) -> None:
    if signer.public_key.keyid not in release.keys:
        known = ", ".join(keyid[:16] for keyid in sorted(release.keys)) or "none"
        raise NotThisReleasesKey(
            f"the key {signer.public_key.keyid[:16]} did not sign "
            f"{release.manifest.name} {release.manifest.version}",
            hint=f"its keys are: {known}; name one of them with --key",
        )


def _require_new(wanted: Announcement, release: RemoteRelease, events: list[Event]) -> None:
    manifest = release.manifest
    if wanted.replacement == manifest.version:
        raise BadInput(f"{manifest.name} {manifest.version} cannot supersede itself")
    if wanted.kind == "stage":
        return
    standing = standing_of(
        events, release=release.sha256, name=manifest.name, version=manifest.version
    )
    said = [event for event in standing.events if event.kind == wanted.kind]
    if said and (said[0].advisory, said[0].replacement) == (wanted.advisory, wanted.replacement):
        raise Conflict(
            f"this was announced before: {said[0].sentence}",
            hint="a further advisory may be added with --advisory",
        )


def announce_schedule(
    repo: str, access: Access, signer: Signer, api: HfApi, hub: Hub, now: datetime
) -> list[Announced]:
    """Announce the stages that release.yaml names; those that were announced are left."""
    done = []
    release = fetch_release(api, hub, repo, None)
    for stage, begins in access.announced:
        said = fetch_log(api, hub, repo).log.by(release.keys)
        holds = stage_at(said, now)
        if begins is None and holds is not None and holds.stage == stage:
            continue
        if begins is not None and any((e.stage, e.effective) == (stage, begins) for e in said):
            continue
        wanted = Announcement(
            repo, None, "stage", "announced with the release", stage=stage,
            mechanism=access.mechanism if stage == "gated" else None, effective=begins,
        )  # fmt: skip
        done.append(announce(wanted, signer, api, hub, now))
    return done
