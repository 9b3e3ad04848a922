"""Waits between attempts."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from paddock.hub.jobs.backoff import DOUBLINGS, FIRST_SECONDS, retry_delay

jitters = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, DOUBLINGS), jitters, jitters)
def test_every_wait_is_at_least_as_long_as_the_one_before(
    attempts: int, one: float, other: float
) -> None:
    assert retry_delay(attempts, one) <= retry_delay(attempts + 1, other)


@given(st.integers(-5, 10_000), jitters)
def test_no_wait_is_shorter_than_half_the_first_or_longer_than_the_last(
    attempts: int, jitter: float
) -> None:
    delay = retry_delay(attempts, jitter)
    assert timedelta(seconds=FIRST_SECONDS / 2) <= delay
    assert delay <= timedelta(seconds=FIRST_SECONDS * 2**DOUBLINGS)


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    assert len({retry_delay(3, jitter / 10) for jitter in range(10)}) == 10
