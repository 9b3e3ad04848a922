"""A bundle into repositories, after its signature was proven.

Nothing of a bundle is used before a key that is trusted here has signed the list of what it holds,
and no member before its digest was found to be the one in that list. Each repository is one
transaction. Branches and tags only go forward: where history went another way here, the import of
that repository is refused unless it is forced. Doing it twice changes nothing the second time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from paddock.errors import Conflict, Refused
from paddock.hub import lookup, repositories
from paddock.hub.bundles.archive import BundleReader, open_bundle
from paddock.hub.bundles.manifest import (
    BadBundle,
    Bundle,
    BundledRepository,
    Member,
    parse_statement,
)
from paddock.hub.context import Hub
from paddock.hub.git import moved, refs
from paddock.hub.git.moved import RefChange
from paddock.hub.git_http.adopting import History, open_history
from paddock.hub.large import large_files
from paddock.hub.large.condemned import forget_removed
from paddock.hub.names import RepositoryName
from paddock.hub.people.accounts import AccountNotFound, get_account
from paddock.hub.repositories import NewRow
from paddock.hub.types import Account, Repository
from paddock.signing.envelope import is_signed_by, parse_bundle
from paddock.signing.keys import TrustedKey
from paddock.storage.blobs import Blob

Tell = Callable[[str], None]


class UntrustedBundle(Refused):
    """No key that is trusted here signed the bundle."""

    code = "untrusted_bundle"


class HistoryDiverged(Conflict):
    """A branch or tag is somewhere here that the bundle's history does not lead on from."""

    code = "history_diverged"


class Imported(NamedTuple):
    """What became of one repository of the bundle."""

    name: RepositoryName
    is_new: bool
    moved_refs: list[str]


class Wanted(NamedTuple):
    """How to import: under which namespace, and over what."""

    namespace: str | None = None  # None: each under its own
    force: bool = False


def read_trusted(reader: BundleReader, trust: Sequence[TrustedKey]) -> Bundle:
    """What the bundle holds, by the word of a trusted key; raises UntrustedBundle, BadBundle."""
    envelope = parse_bundle(reader.statement())
    for key in trust:
        if envelope.hint == key.fingerprint and is_signed_by(envelope, key.public):
            return parse_statement(envelope.payload)
    raise UntrustedBundle(
        f"the bundle is signed with key {envelope.hint[:16]}, which is not trusted here",
        hint="name the signer's public key with --trust FILE",
    )


def import_bundle(
    hub: Hub, path: Path, trust: Sequence[TrustedKey], wanted: Wanted, tell: Tell
) -> list[Imported]:
    """Import every repository of a bundle; raises what its parts raise, in a sentence."""
    with open_bundle(path) as reader:
        bundle = read_trusted(reader, trust)
        with hub.database.read() as conn:  # before bytes are moved for nothing
            names = [_target(conn, repo, wanted)[0] for repo in bundle.repositories]
        for name in names:
            if names.count(name) > 1:
                raise BadBundle(f"two repositories of the bundle would become {name.full}")
        large = [piece for piece in bundle.members if piece.name.startswith("large/")]
        for piece in large:
            tell(f"importing {piece.size_bytes:,} bytes of {piece.name}")
            _store(hub, reader, piece)
        done = [_import(hub, reader, bundle, repo, wanted, tell) for repo in bundle.repositories]
        reader.finish()
    return done


def _target(
    conn: sa.Connection, repo: BundledRepository, wanted: Wanted
) -> tuple[RepositoryName, Account]:
    namespace = wanted.namespace or repo.name.namespace
    try:
        account = get_account(conn, namespace)
    except AccountNotFound as e:
        raise AccountNotFound(
            e.message,
            hint=f"make it with `paddock admin org add {namespace} --owner USER`, "
            "or import into another with --into",
        ) from e
    return RepositoryName(repo.name.kind, account.name, repo.name.name), account


def _store(hub: Hub, reader: BundleReader, piece: Member) -> None:
    with hub.blobs.begin(sha256=piece.sha256, size_bytes=piece.size_bytes) as writer:
        for chunk in reader.pieces(piece):
            writer.write(chunk)
        writer.commit(sha256=piece.sha256, size_bytes=piece.size_bytes)
    forget_removed(hub.database, hub.blobs, [piece.sha256])


def _import(
    hub: Hub,
    reader: BundleReader,
    bundle: Bundle,
    bundled: BundledRepository,
    wanted: Wanted,
    tell: Tell,
) -> Imported:
    tell(f"importing the history of {bundled.name.full}")
    with tempfile.TemporaryFile() as pack:
        for chunk in reader.pieces(bundled.pack):
            pack.write(chunk)
        with hub.database.read() as conn:
            held = lookup.find_repository(conn, _target(conn, bundled, wanted)[0])
        tips = sorted(set(bundled.refs.values()))
        with open_history(hub, held, pack, tips) as history, hub.database.write() as conn:
            name, namespace = _target(conn, bundled, wanted)
            repo = lookup.find_repository(conn, name)
            if (repo is None) != (held is None):
                raise HistoryDiverged(
                    f"{name.full} changed while it was imported", hint="try again"
                )
            if repo is None:
                repo = repositories.insert_repository(conn, _row(bundled, name, namespace))
            lookup.lock_repository(conn, repo)
            for sha256 in bundled.large_files:
                large_files.add_blob(conn, repo.id, Blob(sha256, bundle.large_files[sha256]))
            history.keep(conn, repo)
            changes = _advance(conn, repo, history, bundled, force=wanted.force)
            moved.refs_moved(conn, repo, None, changes)
    return Imported(name, held is None, [change.name for change in changes])


def _advance(
    conn: sa.Connection,
    repo: Repository,
    history: History,
    bundled: BundledRepository,
    *,
    force: bool,
) -> list[RefChange]:
    """Let refs go where the bundle has them; raises HistoryDiverged before it moves any."""
    here = {ref.name: ref for ref in refs.list_refs(conn, repo)}
    ahead = {
        name: oid for name, oid in bundled.refs.items() if name not in here or here[name].oid != oid
    }
    for name, oid in ahead.items():
        if force or name not in here:
            continue
        if name.startswith(refs.TAGS) or not history.leads_on_from(here[name].commit_oid, oid):
            raise HistoryDiverged(
                f"{name} of {repo.full_name} is at {here[name].oid[:12]} here, from where the "
                f"bundle's {oid[:12]} does not lead on",
                hint="--force lets the bundle win",
            )
    return [
        history.move(conn, repo, name, here[name].oid if name in here else None, oid)
        for name, oid in ahead.items()
    ]


def _row(bundled: BundledRepository, name: RepositoryName, namespace: Account) -> NewRow:
    return NewRow(name, namespace, None, bundled.is_private, gated=bundled.gated, sdk=bundled.sdk)
