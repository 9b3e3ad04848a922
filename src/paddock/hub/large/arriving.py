"""Large files on their way in by parts or straight into the object store, and when they count.

Knows what an upload's right allows and where its parts wait; does not know HTTP. What a client puts
into the store itself is a part of an upload like any other: nobody sees it, nothing is believed of
it, and it becomes a file of the repository when all its bytes were read and hashed here.
"""

from __future__ import annotations

from collections.abc import Iterable

from paddock.errors import NotFound
from paddock.hub.bearers import Bearer, check_bearer
from paddock.hub.context import Hub
from paddock.hub.large import condemned, large_files
from paddock.hub.large.lfs import UPLOAD_SECONDS, Right
from paddock.hub.large.viewing import MAX_PASSING_BYTES, PassingView, view_later, view_now
from paddock.hub.xet import hashes, own_terms, variants
from paddock.hub.xet.access import XetAccess
from paddock.hub.xet.naming import Naming
from paddock.hub.xet.records import StoredXorb, XetFile
from paddock.storage.blobs import Blob, BlobStore, DigestMismatch

MAX_PUT_BYTES = 5 * 1024**3  # as S3, in one request


def direct_right(right: Right) -> Right:
    """The right to one upload of the object in one part; begun again, it is the same upload."""
    return right._replace(upload_id=f"direct-{right.repo_id}-{right.oid}", part=1)


def part_address(blobs: BlobStore, right: Right) -> str | None:
    """Where a client puts this part into the store itself; None: it sends it to us."""
    if not 0 < right.size_bytes <= MAX_PUT_BYTES:
        return None
    return blobs.part_url(
        right.upload_id, right.part, size_bytes=right.size_bytes, seconds=UPLOAD_SECONDS
    )


def complete(hub: Hub, right: Right) -> None:
    """Join the upload's parts and give the file to the repository; ``part`` is how many there are.

    Raises DigestMismatch when they are other bytes, which are forgotten then, and NotFound.
    """
    with hub.database.read() as conn:
        if large_files.present(conn, right.repo_id, [right.oid]):
            return  # an earlier answer was lost
    try:
        blob = hub.blobs.complete_parts(
            right.upload_id, right.part, sha256=right.oid, size_bytes=right.size_bytes
        )
    except DigestMismatch:
        hub.blobs.abandon_parts(right.upload_id)
        raise
    is_small = blob.size_bytes <= MAX_PASSING_BYTES
    record(hub, right, blob, view_now(hub, blob.sha256) if is_small else None)
    hub.blobs.abandon_parts(right.upload_id)


def complete_arrived(
    hub: Hub, repo_id: int, bearer: Bearer, wanted: Iterable[tuple[str, int | None]]
) -> None:
    """Complete those of the files, by SHA-256 and size, that a client put into the store and did
    not ask us to verify, as not every client does. Files that did not arrive are no error here."""
    if not hub.blobs.sends_directly:
        return
    sizes = {sha256: size_bytes for sha256, size_bytes in wanted if size_bytes}
    rights = [
        direct_right(Right(repo_id, sha256, size_bytes, bearer=bearer))
        for sha256, size_bytes in sizes.items()
    ]
    with hub.database.read() as conn:
        present = large_files.present(conn, repo_id, [right.oid for right in rights])
    for right in rights:
        if right.oid not in present:
            try:
                complete(hub, right)
            except (NotFound, DigestMismatch):
                return  # whoever names the file learns that it was never uploaded


def record(hub: Hub, right: Right, blob: Blob, view: PassingView | None = None) -> None:
    """The repository has the file from now on, if whoever sent it still may give it one."""
    condemned.forget_removed(hub.database, hub.blobs, [blob.sha256])
    if view is not None:
        return _record_viewed(hub, right, blob, view)
    with hub.database.write() as conn:
        check_bearer(conn, right.bearer, right.repo_id)
        large_files.add_blob(conn, right.repo_id, blob)
        view_later(conn, blob.sha256)


def _record_viewed(hub: Hub, right: Right, blob: Blob, view: PassingView) -> None:
    viewed = view.finish()
    files = [XetFile(viewed.hash, blob.sha256, viewed.terms)]
    naming = Naming(hub, XetAccess(right.repo_id, right.bearer, may_write=True))
    trusted = own_terms.trusted(hub.database, naming, files)
    # What others hold of it in private shows in nothing that this repository sees.
    unknown = [xorb for xorb in view.xorbs(blob.sha256) if not _may_name(naming, xorb)]
    with hub.database.write() as conn:
        check_bearer(conn, right.bearer, right.repo_id)
        had = large_files.present(conn, right.repo_id, [blob.sha256])
        large_files.add_blob(conn, right.repo_id, blob)
        view.record(conn, blob.sha256, viewed)
        if not had:
            own_terms.keep(conn, right.repo_id, files, trusted)
            for xorb in unknown:
                variants.add_if_other(conn, xorb, right.repo_id, right.bearer.user_id)


def _may_name(naming: Naming, xorb: StoredXorb) -> bool:
    return naming.may_name(hashes.from_text(xorb.hash), 0, len(xorb.chunks))
