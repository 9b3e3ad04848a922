"""Who has said what so far about a candidate, for people and programs.

Knows statements alone: whether the rest of the gate is met is for the build to find out. Which keys
will sign the release is not known here either, so only the build sees that a signer approved.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from paddock.clock import to_text
from paddock.release.gate.approvals import Counted, count
from paddock.release.gate.inputs import GateInputs
from paddock.release.gate.table import check_lines
from paddock.release.spec.release_spec import ReleaseSpec


def approvals_so_far(spec: ReleaseSpec, inputs: GateInputs, root: str, now: datetime) -> Counted:
    """What the statements in the folder come to for this content root."""
    candidate = inputs.candidate(root, {}, ())
    return count(spec, inputs.policy, candidate, inputs.statements, now)


def render_standing(counted: Counted, root: str) -> str:
    """Who approves, what is missing and what does not count."""
    lines = [f"content root {root}"]
    for a in counted.approvals:
        note = f": {' '.join(a.note.split())}" if a.note else ""
        lines.append(f"{a.person} approves as {a.role}, {to_text(a.at)}{note}")
    lines += [f"{person} waives {check}" for person, check in sorted(counted.waivers)]
    missing = [check for check in counted.checks if check.blocks]
    for check in missing:
        lines += check_lines(check)
    lines += [f"note: {c.sentence}" for c in counted.checks if c.status == "warned"]
    if not missing:
        lines.append("nothing is missing of what people must say")
    return "\n".join(lines)


def standing_json(counted: Counted, root: str) -> dict[str, Any]:
    """The same for programs."""
    return {
        "root": root,
        "complete": not any(check.blocks for check in counted.checks),
        "approvals": [
            {"person": a.person, "role": a.role, "at": to_text(a.at), "statement": a.file,
             "note": a.note}
            for a in counted.approvals
        ],
        "waivers": [
            {"person": person, "check": check} for person, check in sorted(counted.waivers)
        ],
        "checks": [check.to_json() for check in counted.checks],
    }  # fmt: skip
