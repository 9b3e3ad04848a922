"""What can be wrong with a policy."""

from __future__ import annotations

from paddock.errors import BadInput, Unavailable


class BadPolicy(BadInput):
    """A policy.yaml that cannot be applied as it is."""

    code = "bad_policy"


class JudgeFailed(Unavailable):
    """A classifier gave no answer, or none that can be used."""

    code = "judge_failed"
