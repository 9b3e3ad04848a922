"""The release path from end to end: plan, build, publish; what the command line and ``up`` call.

Knows the order of the steps and who is told what. Every step is in a file of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddock.errors import UsageError
from paddock.release.building.build import BuiltRelease, Progress, build_release
from paddock.release.planning.plan import require_unblocked
from paddock.release.planning.prepare import Prepared, Wanted, prepare, save_assumed
from paddock.release.publishing.outgoing import outgoing
from paddock.release.publishing.places import Reach, publish_to, require_ready
from paddock.release.spec.publish import HUGGING_FACE_URL
from paddock.signing.keys import SigningKey, load_signing_key, own_key_path, own_signing_key


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


def build_wanted(
    wanted: Wanted, output: Path | None, around: Surroundings
) -> tuple[BuiltRelease, SigningKey]:
    """Plan and build into ``output`` (NAME-VERSION here when None)."""
    prepared = _prepare_and_tell(wanted, around)
    _keep_assumed(prepared, wanted, around)
    key = signing_key(prepared, around)
    metadata = prepared.plan.spec.metadata
    folder = output or Path(f"{metadata.name}-{metadata.version}")
    return build_release(prepared.plan, folder, key, around.progress), key


def publish_release(
    wanted: Wanted, around: Surroundings, output: Path | None = None
) -> list[dict[str, Any]]:
    """Plan, build and publish everywhere the release says; what happened at each destination.

    Without ``output`` the built folder is temporary. Raises GateRefused when the plan is blocked,
    before anything is written or sent.
    """
    prepared = _prepare_and_tell(wanted, around)
    spec = prepared.plan.spec
    if not spec.publish:
        raise UsageError(
            "the release names no destination",
            hint="add --to NAMESPACE/NAME, or a publish section in release.yaml",
        )
    reach = _reach(prepared, around)
    require_ready(spec.publish, reach)
    _keep_assumed(prepared, wanted, around)
    key = signing_key(prepared, around)
    with _output_folder(output) as folder:
        built = build_release(prepared.plan, folder, key, around.progress, passing=output is None)
        release = outgoing(built.folder)
        signed_by = {
            "key": built.key_fingerprint,
            "public_key": str(key.public_path) if key.public_path else None,
        }
        return [
            {**publish_to(there, release, spec.access, reach), **signed_by}
            for there in spec.publish
        ]


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


def signing_key(prepared: Prepared, around: Surroundings) -> SigningKey:
    """The key that the release names, or the user's own, made on first use."""
    named = prepared.plan.spec.oms_key
    if named is not None:
        return load_signing_key(prepared.base / Path(named).expanduser())
    key = own_signing_key(around.config_home)
    if key.created:
        around.progress(f"made a signing key for you: {key.path}")
        around.progress(f"give others its public half: {key.public_path}")
    return key


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
def _output_folder(output: Path | None) -> Iterator[Path]:
    if output is not None:
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="paddock-release-") as temporary:
        yield Path(temporary) / "release"
