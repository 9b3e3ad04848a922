"""What was decided, told without content: ids, categories and times; never a word of a text.

The digest of a text is salted anew in each process: it says that two decisions were about the same
text, and tells nobody which.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final, NamedTuple

from paddock.log import get_logger
from paddock.serve import metrics
from paddock.serve.policy.document import Action, Stage

log = get_logger("policy")
_SALT: Final = secrets.token_bytes(16)


class Decision(NamedTuple):
    """One rule's or judge's word on one text."""

    policy: str  # its digest
    stage: Stage
    category: str
    rule: str
    action: Action
    text: str
    seconds: float
    score: float | None = None
    reason: str | None = None  # of a judge that failed


def tell(decision: Decision) -> None:
    """Count and log it; the request's id is in the context of whoever answers."""
    short = decision.policy.removeprefix("sha256:")[:12]
    metrics.policy_decisions.labels(
        short, str(decision.stage), decision.category, str(decision.action)
    ).inc()
    log.info(
        "the use policy decided",
        policy=short,
        stage=str(decision.stage),
        category=decision.category,
        rule=decision.rule,
        action=str(decision.action),
        text_digest=hashlib.blake2b(
            decision.text.encode("utf-8", "surrogatepass"), key=_SALT, digest_size=8
        ).hexdigest(),
        ms=round(decision.seconds * 1000, 3),
        **({} if decision.score is None else {"score": round(decision.score, 4)}),
        **({} if decision.reason is None else {"reason": decision.reason}),
    )
