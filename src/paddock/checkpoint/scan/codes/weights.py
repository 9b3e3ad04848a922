"""Codes of the values of weights."""

from __future__ import annotations

from paddock.checkpoint.scan.codes.code import Code, Level

_Q, _W = Level.QUARANTINE, Level.WARN

WEIGHTS: dict[str, Code] = {
    "weights_not_finite": Code(
        _Q, "weights are not numbers or infinite", "find out why; such a model answers nonsense"
    ),
    "weights_absurd": Code(
        _Q, "weights are far larger than training makes them", "compare with the original"
    ),
    "weights_constant": Code(
        _W, "a matrix holds one value throughout, or equal rows", "check the export"
    ),
}
