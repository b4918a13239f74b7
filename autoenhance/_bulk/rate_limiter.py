"""Pure: the rate limiter of a bulk run. It decides when the next request may be sent."""

from __future__ import annotations

import math
from typing import Final

from autoenhance._retry import INITIAL_BACKOFF, MAX_BACKOFF, MAX_WAIT

TICK: Final = 0.02
"""The shortest sleep in seconds. Slots that pass meanwhile are used together, which costs a third less CPU."""
MAX_PAUSES: Final = 8
"""The number of pauses in a row, with nothing but 429 between them, after which the run ends."""
# After a late wake-up the run may catch up this far, so that there is no burst after a long wait.
_CATCH_UP: Final = 2 * TICK


class RateLimiter:
    """Slots at an even rate for all edits of a run, and the pauses that a 429 imposes on all of them.

    Over any second the rate is exceeded by no more than what was caught up, 4 %.
    """

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._next = -math.inf
        self._resumes = -math.inf
        self._pauses = 0

    def reserve(self, now: float) -> float:
        """Reserve a slot; returns its time, which may have passed."""
        slot = max(self._next, self._resumes, now - _CATCH_UP)
        self._next = slot + self._interval
        return slot

    def is_valid(self, slot: float) -> bool:
        """Whether a reserved slot may still be used: no pause has begun that reaches beyond it."""
        return slot >= self._resumes

    def note_response(self) -> None:
        """Note a response other than 429, which ends a row of pauses."""
        self._pauses = 0

    def pause(self, *, sent: float, now: float, retry_after: float | None, chance: float) -> float | None:
        """Note a 429, and pause all edits; returns the seconds, None after too many pauses.

        Args:
            sent: When the request was sent.
            now: The time.
            retry_after: The seconds of the response's `Retry-After`, None without one.
            chance: A random number from 0 to 1, so that several runs do not resume at the same moment.
        """
        if retry_after is not None and retry_after >= MAX_WAIT:
            return None
        if sent >= self._resumes:
            self._pauses += 1
            backoff = min(MAX_BACKOFF, INITIAL_BACKOFF * 2 ** (min(self._pauses, MAX_PAUSES) - 1))
            # Never less than the backoff: services round what is left of a second down to a Retry-After of 0.
            self._resumes = now + max((0.5 + chance / 2) * backoff, retry_after or 0.0)
        elif retry_after is not None:
            # It was in flight when the pause began, and can only prolong it.
            self._resumes = max(self._resumes, now + retry_after)
        return max(0.0, self._resumes - now) if self._pauses <= MAX_PAUSES else None
