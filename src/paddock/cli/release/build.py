"""``paddock release build``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit
from paddock.cli.release.asked import release_options, surroundings

if TYPE_CHECKING:
    from paddock.release.building.inputs import BuiltRelease

_SAID = {"warned", "waived"}


@click.command(help="Build the signed release into a folder.")
@release_options
def command(as_json: bool, **given: Any) -> None:
    from paddock.release.releasing import build_wanted

    _, wanted, around = surroundings(given)
    built = build_wanted(wanted, given["output"], around)
    emit(_built_json(built), _built_text(built), as_json=as_json)


def _built_json(built: BuiltRelease) -> dict[str, Any]:
    return {
        "folder": str(built.folder),
        "name": built.name,
        "version": built.version,
        "root": built.root,
        "content_root": built.content_root,
        "files": _count(built),
        "size_bytes": built.size_bytes,
        "outputs": [output.to_json() for output in built.outputs],
        "checks": [check.to_json() for check in built.checks],
        "key": built.key_fingerprint,
        "private": str(built.private_folder) if built.private_folder else None,
        "public_key": str(built.public_path) if built.public_path else None,
    }


def _built_text(built: BuiltRelease) -> str:
    lines = [
        f"built {built.name} {built.version} in {built.folder} "
        f"({_count(built)} files, {built.size_bytes} bytes)"
    ]
    lines += [
        f"{check.status}: {check.sentence}" for check in built.checks if check.status in _SAID
    ]
    if built.private_folder:
        lines.append(f"documents for authorities that ask, not published: {built.private_folder}")
    lines.append(f"signed with the key {built.key_fingerprint}")
    if built.public_path:
        lines.append(f"others verify it with your public key: {built.public_path}")
    return "\n".join(lines)


def _count(built: BuiltRelease) -> int:
    return len(built.files) + len(built.signature_files) + 1
