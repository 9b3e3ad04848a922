"""What a pickle would ask of whoever loads it, told without loading it.

For scanners: every opcode of protocols 0 to 5 is followed through a simulated stack and memo, so
that a name put together from parts is still read. What was found before a pickle breaks counts,
since the real machine would have run it. A survey never fails: a broken pickle is a survey with a
problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paddock.checkpoint.errors import BadPickle
from paddock.checkpoint.pytorch.interpreter import GlobalUse, Interpreter, Objection, Source
from paddock.checkpoint.pytorch.opcodes import run

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C  # torch.save before 1.6 (torch/serialization.py)
LEGACY_PICKLES = 5  # magic, version, system, object, storage keys; raw storages follow
MAX_PICKLES = 1000


@dataclass(frozen=True, slots=True)
class PickleSurvey:
    """Everything that the pickles of a file ask for; offsets count from its first byte."""

    where: str
    size_bytes: int
    globals: tuple[GlobalUse, ...]  # in order, known ones too
    objections: tuple[Objection, ...]  # requests outside the table of tensor rebuilds
    problem: Objection | None  # where the first broken pickle breaks
    pickles: int  # that are whole
    end: int  # the byte after the last whole pickle
    is_legacy_torch: bool  # then what follows ``end`` is raw storages

    @property
    def is_well_formed(self) -> bool:
        """Whether there is one pickle to the last byte, or a legacy PyTorch file."""
        return self.problem is None and (
            self.is_legacy_torch or (self.pickles == 1 and self.end == self.size_bytes)
        )

    @property
    def is_harmless(self) -> bool:
        """Whether nothing is asked for beyond plain values, tensors and NumPy's numbers."""
        return self.is_well_formed and not self.objections


def survey(raw: Source, where: str) -> PickleSurvey:
    """Follow every pickle in ``raw`` from its first byte; ``where`` names it in messages."""
    objections: list[Objection] = []
    machine = Interpreter(raw, where, objections=objections)
    pickles, end, problem, is_legacy = 0, 0, None, False
    while machine.at < len(raw) and pickles < MAX_PICKLES:
        if is_legacy and pickles == LEGACY_PICKLES:
            break
        value, problem = _one(machine)
        if problem:
            break
        pickles, end = pickles + 1, machine.at
        is_legacy = is_legacy or (pickles == 1 and type(value) is int and value == LEGACY_MAGIC)
    if is_legacy and problem is None and pickles < LEGACY_PICKLES:
        problem = Objection("truncated", end, "a legacy PyTorch file ends among its pickles")
    return PickleSurvey(
        where, len(raw), tuple(machine.globals), tuple(objections), problem, pickles, end, is_legacy
    )


def _one(machine: Interpreter) -> tuple[Any, Objection | None]:
    """The next pickle's value, or where it breaks."""
    try:
        return run(machine), None
    except BadPickle as e:
        return None, Objection(e.reason, machine.opcode_at, e.message)
