"""What an engine has done, and holds now: counters that only grow, and gauges."""

from __future__ import annotations

from dataclasses import dataclass

from paddock.engine.request import Finish


@dataclass(slots=True)
class Counters:
    """What has been done since the engine was made; written by its thread alone."""

    steps: int = 0
    step_tokens: int = 0  # computed by all steps, proposals and repetitions included
    prompt_tokens: int = 0  # of all admitted prompts
    cached_prompt_tokens: int = 0  # of these, found in the prefix cache
    generated_tokens: int = 0
    finished: int = 0
    cancelled: int = 0
    failed: int = 0
    preemptions: int = 0
    proposed_tokens: int = 0
    accepted_tokens: int = 0  # of the proposed ones
    failed_steps: int = 0

    def count_end(self, finish: Finish | None) -> None:
        """One request more has ended."""
        if finish is Finish.CANCELLED:
            self.cancelled += 1
        elif finish is Finish.ERROR:
            self.failed += 1
        else:
            self.finished += 1


@dataclass(frozen=True, slots=True)
class EngineStats:
    """A snapshot: what is in hand now, and the counters."""

    waiting: int
    running: int
    blocks_used: int  # referred to by running sequences
    blocks_free: int  # hold nothing
    blocks_cached: int  # hold a prefix that nobody uses now; free for whoever needs them
    last_step_tokens: int
    last_step_sequences: int
    counters: Counters
