"""``paddock export``: repositories as one signed file, for a hub without a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paddock.cli.local_hub import data_option, json_option, open_local_hub
from paddock.cli.output import emit, progress_note
from paddock.errors import UsageError, shown

if TYPE_CHECKING:
    from paddock.hub.bundles.exporting import Exported
    from paddock.signing.keys import SigningKey


@click.command(help="Write repositories into one signed file, with their history.")
@click.argument("repositories", metavar="REPO...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write.",
)
@click.option(
    "--key", type=click.Path(path_type=Path), help="Private key to sign with, instead of your own."
)
@data_option
@json_option
def command(
    repositories: tuple[str, ...],
    output: Path,
    key: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """REPO is NAMESPACE/NAME, or datasets/NAMESPACE/NAME, spaces/NAMESPACE/NAME."""
    from paddock.hub.bundles.exporting import export_repositories
    from paddock.hub.names import parse_address

    if not output.parent.is_dir():
        raise UsageError(
            f"there is no folder {shown(str(output.parent))}", hint="make it, or name another file"
        )
    hub, settings = open_local_hub(data)
    signing = _signing_key(key, settings.config_home)
    names = [parse_address(text) for text in repositories]
    done = export_repositories(hub, names, output, signing, progress_note)
    emit(_as_json(done, output, signing), _as_text(done, output, signing), as_json=as_json)


def _signing_key(path: Path | None, config_home: Path) -> SigningKey:
    from paddock.signing.keys import load_signing_key, own_signing_key

    return own_signing_key(config_home) if path is None else load_signing_key(path)


def _as_json(done: Exported, output: Path, key: SigningKey) -> dict[str, object]:
    return {
        "file": str(output),
        "size_bytes": done.size_bytes,
        "key": key.fingerprint,
        "public_key": str(key.public_path) if key.public_path else None,
        "repositories": [
            {"kind": repo.name.kind, "name": repo.name.full, "refs": dict(repo.refs)}
            for repo in done.bundle.repositories
        ],
        "large_files": len(done.bundle.large_files),
        "missing_large_files": done.missing,
        "rejected_large_files": done.withheld,
    }


def _as_text(done: Exported, output: Path, key: SigningKey) -> str:
    names = ", ".join(repo.name.full for repo in done.bundle.repositories)
    lines = [
        f"wrote {output}: {names}, {len(done.bundle.large_files)} large files, "
        f"{done.size_bytes:,} bytes",
        f"signed with key {key.fingerprint[:16]}"
        + (f"; its public key is {key.public_path}" if key.public_path else ""),
    ]
    if done.missing:
        lines.append(f"{len(done.missing)} large files are not on this hub and are left out")
    if done.withheld:
        lines.append(f"{len(done.withheld)} large files were rejected by a scan and are left out")
    return "\n".join(lines)
