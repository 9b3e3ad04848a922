"""gate/decision.json, read into values: who let the release out, under which policy.

Pure, bounded, and a claim like all the rest.
"""

from __future__ import annotations

from paddock.hub.releases.fields import digest, flag, rows, text
from paddock.hub.releases.statement import parse_document, read_checks
from paddock.hub.releases.values import Approval, Gate

DECISION = "gate/decision.json"
MAX_DECISION_BYTES = 2 << 20


def parse_gate(raw: bytes) -> Gate:
    """What the gate said; raises BadStatement."""
    document = parse_document(raw, DECISION, MAX_DECISION_BYTES)
    approvals = [
        Approval(
            person, text(row.get("role"), 100), text(row.get("at"), 40), digest(row.get("sha256"))
        )
        for row in rows(document.get("approvals"), 200)
        if (person := text(row.get("person"), 200)) is not None
    ]
    return Gate(
        text(document.get("policy"), 200),
        text(document.get("stage"), 40),
        flag(document.get("allowed")),
        digest(document.get("root")),
        tuple(approvals),
        read_checks(document.get("checks")),
        len(raw),
    )
