"""The release path from end to end: plan, build, publish; what the command line and ``up`` call.

Knows the order of the steps and who is told what. Every step is in a file of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddock.checkpoint.output_folder import new_folder
from paddock.errors import UsageError
from paddock.release.building.build import BuiltRelease, Progress, build_release
from paddock.release.errors import NotSupportedYet
from paddock.release.files.copying import copy_files
from paddock.release.files.manifest import MANIFEST_NAME, SIGNATURE_NAME
from paddock.release.files.reading import opened_folder
from paddock.release.planning.plan import require_unblocked
from paddock.release.planning.prepare import Prepared, Wanted, prepare, save_assumed
from paddock.release.spec.access import Access
from paddock.release.spec.publish import (
    Destination,
    FolderDestination,
    HubDestination,
    OciDestination,
)
from paddock.signing.keys import SigningKey, load_signing_key, own_key_path, own_signing_key

if TYPE_CHECKING:
    from paddock.release.publishing.publish import Published


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The user's keys, the hub of the settings, and who hears what is going on."""

    config_home: Path
    hub_url: str
    token: str | None
    progress: Progress
    show_progress: bool = False  # the client's own bars


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
    _require_this_hub(spec.publish, around)
    _require_token(spec.publish, around)
    _keep_assumed(prepared, wanted, around)
    key = signing_key(prepared, around)
    outcomes: list[dict[str, Any]] = []
    with _output_folder(output) as folder:
        built = build_release(prepared.plan, folder, key, around.progress, passing=output is None)
        for destination in spec.publish:
            if isinstance(destination, FolderDestination):
                outcomes.append(_publish_to_folder(built, prepared.base / destination.path))
                continue
            if isinstance(destination, OciDestination):
                raise NotSupportedYet(f"{destination.ref}: registries are not supported yet")
            published = _publish_to_hub(built, spec.access, destination.repo, around)
            outcomes.append(_as_dict(published, built, key))
    return outcomes


def _publish_to_hub(
    built: BuiltRelease, access: Access, repo: str, around: Surroundings
) -> Published:
    # The client takes as long to import as 200 MB to release: only who publishes waits for it.
    from paddock.release.publishing.hub_client import Hub
    from paddock.release.publishing.publish import publish_to_hub

    hub = Hub(around.hub_url, around.token)
    shown = around.show_progress
    return publish_to_hub(built, access, hub, repo, progress=around.progress, show=shown)


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


def _require_this_hub(destinations: Sequence[Destination], around: Surroundings) -> None:
    """The token goes to the hub that the user named, never to one that only a file names."""
    for destination in destinations:
        url = destination.url if isinstance(destination, HubDestination) else None
        if url is not None and url.rstrip("/") != around.hub_url.rstrip("/"):
            raise UsageError(
                f"the release is for the hub at {url}, and your settings name {around.hub_url}",
                hint=f"if you mean it, add --hub {url} and use a token of that hub",
            )


def _require_token(destinations: Sequence[Destination], around: Surroundings) -> None:
    """Signing in comes before the weights are read: a wrong token must not cost an hour first."""
    from paddock.release.publishing.hub_client import Hub, client_of, sign_in

    if any(isinstance(destination, HubDestination) for destination in destinations):
        hub = Hub(around.hub_url, around.token)
        sign_in(client_of(hub, show_progress=around.show_progress), hub)


@contextmanager
def _output_folder(output: Path | None) -> Iterator[Path]:
    if output is not None:
        yield output
        return
    with tempfile.TemporaryDirectory(prefix="paddock-release-") as temporary:
        yield Path(temporary) / "release"


def _publish_to_folder(built: BuiltRelease, target: Path) -> dict[str, Any]:
    """A copy of the release; nothing to do when it is there already."""
    changed = not (
        (target / SIGNATURE_NAME).is_file()
        and (target / SIGNATURE_NAME).read_bytes() == (built.folder / SIGNATURE_NAME).read_bytes()
    )
    if changed:
        paths = [*(file.path for file in built.files), MANIFEST_NAME, SIGNATURE_NAME]
        with opened_folder(built.folder) as source_fd, new_folder(target) as partial:
            copy_files(source_fd, paths, partial)
    what = "copied" if changed else "is already"
    return {
        "to": "folder",
        "path": str(target),
        "changed": changed,
        "files": len(built.files) + 2,
        "root": built.root,
        "sentence": f"{built.name} {built.version} {what} in {target}",
    }


def _as_dict(published: Published, built: BuiltRelease, key: SigningKey) -> dict[str, Any]:
    return {
        "to": "hub",
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
        "name": built.name,
        "version": built.version,
        "root": built.root,
        "key": built.key_fingerprint,
        "public_key": str(key.public_path) if key.public_path else None,
        "sentence": published.sentence,
    }
