"""The release path from end to end: plan, build, publish; what the command line and ``up`` call.

Knows the order of the steps and who is told what. Every step is in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paddock.checkpoint.errors import OutputExists
from paddock.clock import now
from paddock.errors import UsageError
from paddock.release.building.inputs import BuildInputs, BuiltRelease, Progress
from paddock.release.building.quality import KL_EVAL
from paddock.release.building.work_folder import candidates_of
from paddock.release.evidence import Check
from paddock.release.gate.waivers import overdue
from paddock.release.planning.destinations import folder_checks, inside_source, taken
from paddock.release.planning.foreseeing import Foreseen, foresee
from paddock.release.planning.foreseeing import Surroundings as Seen
from paddock.release.planning.plan import require_unblocked
from paddock.release.planning.prepare import Prepared, Wanted, prepare, save_assumed
from paddock.release.publishing.outgoing import outgoing
from paddock.release.publishing.places import Reach, publish_to, require_ready
from paddock.release.publishing.there import AlreadyThere
from paddock.release.signatures.sign import Place, Signers, load_signers
from paddock.release.spec.access import Access
from paddock.release.spec.publish import HUGGING_FACE_URL, Destination
from paddock.signing.keys import own_key_path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The user's keys, the hub of the settings, and who hears what is going on."""

    config_home: Path
    hub_url: str
    token: str | None
    progress: Progress
    show_progress: bool = False  # the client's own bars
    hugging_face_url: str = HUGGING_FACE_URL
    hugging_face_token: str | None = None
    work_home: Path | None = None  # for builds without a place beside their release file

    @property
    def cache(self) -> Path:
        return self.work_home or self.config_home / "work"


def foresee_gate(prepared: Prepared, around: Surroundings) -> Foreseen:
    """What gate, signatures and folders to publish to would say now; changes nothing."""
    spec, at = prepared.plan.spec, now()
    places = [prepared.base, Path()]
    found = candidates_of(spec, prepared.base, places, around.cache)
    seen = foresee(
        spec,
        Seen(prepared.base, around.config_home, found[0] if len(found) == 1 else None, at),
        frozenset({KL_EVAL}),
    )
    late = overdue(spec, prepared.plan.checks, at.date())
    return Foreseen((*seen.checks, *late, *_places(prepared)))


def _places(prepared: Prepared) -> Iterator[Check]:
    return folder_checks(prepared.plan.spec, prepared.base, Path(prepared.plan.source))


def build_wanted(wanted: Wanted, output: Path | None, around: Surroundings) -> BuiltRelease:
    """Plan and build into ``output`` (NAME-VERSION here when None)."""
    from paddock.release.building.build import build_release  # a plan does not wait for it

    prepared = _prepare_and_tell(wanted, around)
    _keep_assumed(prepared, wanted, around)
    signers = signers_of(prepared, around)
    metadata = prepared.plan.spec.metadata
    folder = output or Path(f"{metadata.name}-{metadata.version}")
    source = Path(prepared.plan.source)
    if wrong := inside_source(folder, source) or taken(folder, metadata.name, metadata.version):
        raise OutputExists(wrong.sentence, hint=wrong.hint)
    built = build_release(build_inputs(prepared, around), signers, folder)
    return replace(built, public_path=own_public_path(prepared, around))


def publish_release(
    wanted: Wanted, around: Surroundings, output: Path | None = None
) -> list[dict[str, Any]]:
    """Plan, build and publish everywhere the release says; what happened at each destination.

    Without ``output`` the release lives in the work folder until it is everywhere: a publication
    that was killed goes on there. Raises GateRefused before anything is sent.
    """
    prepared = _prepare_and_tell(wanted, around)
    spec = prepared.plan.spec
    if not spec.publish:
        raise UsageError(
            "the release names no destination",
            hint="add --to NAMESPACE/NAME, or a publish section in release.yaml",
        )
    reach = _reach(prepared, around)
    for check in _places(prepared):
        raise OutputExists(check.sentence, hint=check.hint)
    require_ready(spec.publish, reach)
    _keep_assumed(prepared, wanted, around)
    signers = signers_of(prepared, around)
    with _built(build_inputs(prepared, around), signers, output) as built:
        release = outgoing(built.folder)
        public_path = own_public_path(prepared, around)
        signed_by = {
            "key": built.key_fingerprint,
            "public_key": str(public_path) if public_path else None,
        }
        return [
            {
                **publish_to(there, release, spec.access, reach),
                **signed_by,
                **_announced(there, spec.access, reach, signers),
            }
            for there in spec.publish
        ]


def _announced(
    there: Destination, access: Access, reach: Reach, signers: Signers
) -> dict[str, Any]:
    """Stages to come, which hubs can keep to: nobody else waits for their client."""
    if not access.schedule:
        return {}
    from paddock.release.lifecycle.scheduling import announce_stages

    return announce_stages(there, access, reach, signers.oms, now())


def _reach(prepared: Prepared, around: Surroundings) -> Reach:
    return Reach(
        hub_url=around.hub_url,
        token=around.token,
        hugging_face_url=around.hugging_face_url,
        hugging_face_token=around.hugging_face_token,
        base=prepared.base,
        sessions=around.config_home / "uploads.json",
        progress=around.progress,
        show_progress=around.show_progress,
    )


def build_inputs(prepared: Prepared, around: Surroundings) -> BuildInputs:
    """What a build of this plan is told."""
    return BuildInputs(
        prepared.plan,
        prepared.base,
        around.config_home,
        around.cache,
        around.progress,
        AlreadyThere(_reach(prepared, around)),
    )


def signers_of(prepared: Prepared, around: Surroundings) -> Signers:
    """The keys that the release names, or the user's own, made on first use."""
    place = Place(prepared.base, around.config_home)
    return load_signers(prepared.plan.spec.sign, place, now(), around.progress)


def own_public_path(prepared: Prepared, around: Surroundings) -> Path | None:
    """Where the public half is, when the user's own key signs."""
    if prepared.plan.spec.oms_key is not None:
        return None
    return own_key_path(around.config_home).with_suffix(".pub.pem")


def describe_key(prepared: Prepared, around: Surroundings) -> str:
    """Which key would sign, without making one."""
    if (named := prepared.plan.spec.oms_key) is not None:
        return named
    path = own_key_path(around.config_home)
    return str(path) if path.exists() else f"{path} (will be made)"


def _prepare_and_tell(wanted: Wanted, around: Surroundings) -> Prepared:
    prepared = prepare(wanted)
    for sentence in prepared.plan.assumptions:
        around.progress(f"assumed {sentence}")
    for warning in prepared.plan.warnings:
        around.progress(f"warning: {warning}")
    require_unblocked(prepared.plan)
    return prepared


def _keep_assumed(prepared: Prepared, wanted: Wanted, around: Surroundings) -> None:
    if prepared.assumed is not None:
        path, beside = save_assumed(prepared, wanted.target)
        around.progress(f"these assumptions are now in {path}")
        if not beside:
            around.progress(f"to change them, edit it and add --source {wanted.target}")


@contextmanager
def _built(inputs: BuildInputs, signers: Signers, output: Path | None) -> Iterator[BuiltRelease]:
    from paddock.release.building.build import build_release, passing_release

    if output is not None:
        yield build_release(inputs, signers, output)
        return
    with passing_release(inputs, signers) as built:
        yield built
