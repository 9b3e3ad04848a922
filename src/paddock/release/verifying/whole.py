"""Whether a folder is a release that lacks nothing but signatures, for whoever is to add one."""

from __future__ import annotations

from pathlib import Path

from paddock.release.files.manifest import DSSE_NAME
from paddock.release.verifying.trust import Trust
from paddock.release.verifying.verdict import Verdict
from paddock.release.verifying.verify import verify_folder
from paddock.signing.errors import BadSignature


def require_whole(folder: Path) -> Verdict:
    """Raise BadSignature unless every byte is what the folder's builder signed."""
    verdict = verify_folder(folder, Trust())
    problems = [problem for problem in verdict.problems if problem.path != DSSE_NAME]
    lacks_envelope = any(
        problem.path == DSSE_NAME and problem.kind == "missing" for problem in verdict.problems
    )
    is_whole = verdict.verdict == "untrusted" or (lacks_envelope and not problems)
    if not is_whole:
        reasons = "; ".join(verdict.reasons[:5])
        raise BadSignature(
            f"{folder} is {verdict.verdict}, and is not signed: {reasons}",
            hint="get the folder once more from where it was built",
        )
    return verdict
