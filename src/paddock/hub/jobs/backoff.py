"""How long a job that failed waits before it is tried again.

Pure. Each wait is longer than the one before, up to a limit, and jittered so that jobs which failed
together do not come back together.
"""

from __future__ import annotations

from datetime import timedelta

FIRST_SECONDS = 10.0
DOUBLINGS = 9  # then the longest wait is reached: 85 minutes
MAX_ATTEMPTS = 10


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """The wait after that many attempts; ``jitter`` in [0, 1) is where between half and whole."""
    whole = FIRST_SECONDS * 2 ** min(max(attempts - 1, 0), DOUBLINGS)
    return timedelta(seconds=whole / 2 * (1 + jitter))
