"""A decision for people: what stands against it, by group, with evidence and the next step.

Pure text; other people's words are shown on one line and bounded.
"""

from __future__ import annotations

from itertools import groupby

from paddock.release.evidence import Check, unmet
from paddock.release.gate.decide import Decision

_MAX_EVIDENCE, _MAX_CHARS = 4, 300


def render_refusal(decision: Decision) -> str:
    """Every unmet condition."""
    lines: list[str] = []
    for group, checks in groupby(unmet(decision.checks), key=lambda check: check.group):
        lines.append(group)
        for check in checks:
            lines += check_lines(check)
    said = [c for c in decision.checks if c.status == "warned" and c.group == "approvals"]
    lines += [f"note: {_line(check.sentence)}" for check in said]
    return "\n".join(lines)


def render_decision(decision: Decision) -> str:
    """Allowed or not, who approves, what was waived, and every unmet condition."""
    verdict = "allowed" if decision.allowed else "refused"
    head = f"{verdict}: {decision.name} {decision.version}, policy {decision.policy}"
    lines = [head, f"  content root {decision.root}"]
    lines += [f"  approved by {a.person} as {a.role}" for a in decision.approvals]
    lines += [f"  waived: {check.id} ({_line(check.sentence)})" for check in decision.waived]
    if not decision.allowed or any(c.status == "warned" for c in decision.checks):
        lines += [rest] if (rest := render_refusal(decision)) else []
    return "\n".join(lines)


def check_lines(check: Check) -> list[str]:
    """One condition: its id, what was found, the evidence and the next step."""
    lines = [f"  {check.status}: {check.id}", f"    {_line(check.sentence)}"]
    for each in check.evidence[:_MAX_EVIDENCE]:
        quote = f": {each.quote}" if each.quote else ""
        path = f" ({each.path})" if each.path else ""
        lines.append(f"    evidence: {_line(each.what + path + quote)}")
    if len(check.evidence) > _MAX_EVIDENCE:
        lines.append(f"    evidence: and {len(check.evidence) - _MAX_EVIDENCE} more")
    if check.hint:
        lines.append(f"    hint: {_line(check.hint)}")
    return lines


def _line(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= _MAX_CHARS else short[:_MAX_CHARS] + "…"
