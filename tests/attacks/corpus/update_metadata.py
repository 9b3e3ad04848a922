"""Cases 155 to 157: metadata of an update framework (TUF) that is stale, skips, or is ill signed.

This version reads none of it: what only such metadata would tell is not trusted.
"""

from __future__ import annotations

from tests.attacks.corpus.case import Content, Expected, Family, Judge, Variants
from tests.attacks.corpus.signatures import SIGNATURE_NAME, attacked, tuf

FAMILY = Family("update metadata", Judge.VERIFY)
R = Expected.REJECT
NO_TUF = "there is no update metadata in this version: what only that would tell is not trusted"


def only_update_metadata(changes: dict[str, bytes]) -> Variants:
    """The metadata beside a release without signature, and inside a signed one."""
    unsigned: dict[str, Content | None] = {SIGNATURE_NAME: None, **changes}
    yield "instead", attacked(unsigned)
    yield "beside", attacked(dict(changes))


@FAMILY.case(155, "a timestamp that has expired", R, NO_TUF)
def expired() -> Variants:
    yield from only_update_metadata({"tuf/timestamp.json": tuf("timestamp", 7)})


@FAMILY.case(156, "a root that skips a version", R, NO_TUF)
def skipped_root() -> Variants:
    yield from only_update_metadata(
        {"tuf/1.root.json": tuf("root", 1), "tuf/3.root.json": tuf("root", 3)}
    )


@FAMILY.case(157, "a root signed by the old keys only", R, NO_TUF)
def old_root() -> Variants:
    yield from only_update_metadata({"tuf/2.root.json": tuf("root", 2, keys={}, roles={})})
