"""Is this folder exactly what trusted keys signed, and is it current? Fails closed, and says why.

Invariants, in order. (1) Nothing is followed, executed or parsed before its bytes are tied to the
signature, except the bounded signatures and update metadata themselves. (2) Keys and roots are
those that the user pinned; hints and options inside a release choose nothing. (3) The set of files
equals the signed set and what signs it: nothing missing, nothing extra, nothing ignored but the
client's own bookkeeping, which the verdict mentions. (4) Any doubt while reading, also a file that
changes meanwhile, is not ``trusted``. (5) Only a trusted verdict is remembered.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from paddock import clock
from paddock.errors import BadInput, NotFound, PaddockError
from paddock.release.errors import BadManifest
from paddock.release.files.folder import Listing, list_folder
from paddock.release.verifying.contents import compare, require_unchanged
from paddock.release.verifying.deciding import conclude, decide, unsigned
from paddock.release.verifying.findings import Findings, Freshness
from paddock.release.verifying.keyless import read_keyless
from paddock.release.verifying.policy import judge_policy
from paddock.release.verifying.signed import (
    FOREIGN_SIGNATURE_NAME,
    find_signature,
    read_signatures,
)
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.updates import Updates
from paddock.release.verifying.verdict import Verdict
from paddock.signing.errors import BadSignature
from paddock.signing.keys import TrustedKey

if TYPE_CHECKING:
    from paddock.release.verifying.memory import Seen

__all__ = ["FOREIGN_SIGNATURE_NAME", "verify_folder", "verify_manifest"]


def verify_folder(
    path: Path, trust: Trust | Sequence[TrustedKey], updates: Updates | None = None
) -> Verdict:
    """The verdict on the folder at ``path``; raises only when there is no folder to judge.

    Without ``updates`` nothing is remembered, and nothing remembered is asked.
    """
    return _judged(path, trust, updates or Updates(), is_whole=True)


def verify_manifest(path: Path, trust: Trust | Sequence[TrustedKey]) -> Verdict:
    """The verdict on ``release.json`` and what signs it alone; other files are not looked at."""
    return _judged(path, trust, Updates(), is_whole=False)


def _judged(
    path: Path, trust: Trust | Sequence[TrustedKey], updates: Updates, *, is_whole: bool
) -> Verdict:
    try:
        root_fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except NotADirectoryError as e:
        raise BadInput(f"{path} is a file; a release is a folder") from e
    except OSError as e:
        raise NotFound(
            f"{path} cannot be opened: {e.strerror}",
            hint="give a folder, or a repository as namespace/name or namespace/name@revision",
        ) from e
    trusted = trust if isinstance(trust, Trust) else Trust.in_keys(trust)
    try:
        return _verify(root_fd, str(path), trusted, updates, is_whole=is_whole)
    finally:
        os.close(root_fd)


def _verify(root_fd: int, path: str, trust: Trust, updates: Updates, *, is_whole: bool) -> Verdict:
    findings = Findings(path, Listing())
    try:
        findings.listing = list_folder(root_fd)
        findings.signature_name = find_signature(findings)
        if findings.signature_name is None:
            return unsigned(findings)
        read_signatures(root_fd, findings, trust)
        read_keyless(root_fd, findings, trust)
        with ExitStack() as stack:
            seen = _judge_updates(root_fd, findings, trust, updates, stack)
            assert findings.statement is not None  # noqa: S101 - set by read_signatures
            if is_whole:
                compare(root_fd, findings, findings.statement)
                judge_policy(root_fd, findings, trust)
            require_unchanged(root_fd, findings.listing)
            verdict = decide(findings, trust)
            if verdict.is_trusted and seen is not None:
                seen.keep(clock.now())
            return verdict
    except (BadSignature, BadManifest) as e:
        return conclude(findings, "invalid", (e.message,))
    except (PaddockError, OSError) as e:
        reason = e.message if isinstance(e, PaddockError) else f"the folder cannot be read: {e}"
        return conclude(findings, "undecided", (reason,))


def _judge_updates(
    root_fd: int, findings: Findings, trust: Trust, updates: Updates, stack: ExitStack
) -> Seen | None:
    """How current the release is, where it carries update metadata."""
    if findings.vouchers.tuf_root is None:
        return None
    # python-tuf takes a tenth of a second to import: only releases that carry metadata wait for it.
    from paddock.release.verifying.freshness import judge_freshness, read_updates, trusted_root
    from paddock.release.verifying.memory import looking

    try:
        chain = read_updates(root_fd, findings)
        findings.allowed |= {f"tuf/{name}" for name in chain.files}
        root = trusted_root(chain, trust)
    except BadSignature as e:
        findings.freshness = Freshness("invalid", (e.message,))
        findings.allowed |= {name for name in findings.listing.files if name.startswith("tuf/")}
        return None
    seen = stack.enter_context(looking(updates.memory, root[0]))
    findings.freshness = judge_freshness(chain, findings, root, seen, updates)
    return seen
