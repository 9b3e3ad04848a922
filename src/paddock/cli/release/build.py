"""``paddock release build``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from paddock.cli.output import emit
from paddock.cli.release.asked import release_options, surroundings

if TYPE_CHECKING:
    from paddock.release.building.build import BuiltRelease
    from paddock.signing.keys import SigningKey


@click.command(help="Build the signed release into a folder.")
@release_options
def command(as_json: bool, **given: Any) -> None:
    from paddock.release.releasing import build_wanted

    _, wanted, around = surroundings(given)
    built, key = build_wanted(wanted, given["output"], around)
    emit(_built_json(built, key), _built_text(built, key), as_json=as_json)


def _built_json(built: BuiltRelease, key: SigningKey) -> dict[str, Any]:
    return {
        "folder": str(built.folder),
        "name": built.name,
        "version": built.version,
        "root": built.root,
        "files": len(built.files) + 2,
        "size_bytes": built.size_bytes,
        "key": key.fingerprint,
        "public_key": str(key.public_path) if key.public_path else None,
    }


def _built_text(built: BuiltRelease, key: SigningKey) -> str:
    return (
        f"built {built.name} {built.version} in {built.folder} "
        f"({len(built.files) + 2} files, {built.size_bytes} bytes)\n"
        f"signed with {key.path} (fingerprint {key.fingerprint})"
    )
