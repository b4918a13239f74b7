"""Pure: which fault a request meets in a rehearsal, and how long it waits. Nothing is served here."""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final

DEFAULT_RATE_LIMIT: Final = 300
_NUMBER: Final = r"(\d+(?:\.\d*)?|\.\d+)"
_RANGE: Final = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?")
_DRAW_BYTES: Final = 7  # 56 bits: as fine as a float gets
_DRAWS: Final = 3


class Fault(Enum):
    """What can go wrong with a request in a rehearsal. Each comes as often as the others."""

    INTERNAL_ERROR = "500"
    """500; the edit was not done."""
    BAD_GATEWAY = "502"
    """502; the edit was not done."""
    UNAVAILABLE = "503"
    """503 without a `Retry-After`; the edit was not done."""
    GATEWAY_TIMEOUT = "504"
    """504; the edit was done: a gateway did not wait for the answer."""
    CUT_BEFORE = "cut before"
    """The connection is closed without an answer; the edit was not done."""
    CUT_AFTER = "cut after"
    """The connection is closed without an answer; the edit was done."""

    @property
    def status(self) -> int | None:
        """What it is answered with, None if it is not answered."""
        return int(self.value) if self.value.isdigit() else None

    @property
    def is_after_edit(self) -> bool:
        """Whether the request is carried out, and only its answer is lost."""
        return self in {Fault.GATEWAY_TIMEOUT, Fault.CUT_AFTER}


@dataclass(frozen=True, slots=True)
class Step:
    """What one request meets."""

    wait: float
    """Seconds until the request is looked at."""
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rehearsal is told.

    Attributes:
        latency: The shortest and the longest wait in seconds; between them every wait is as likely.
        fail_rate: The share of requests that meet a fault, 0 to 1.
        seed: What decides. The same seed and the same requests give the same faults and waits, in any order.
    """

    latency: tuple[float, float]
    fail_rate: float
    seed: int

    def step(self, path: str, body: bytes, occurrence: int) -> Step:
        """What a request meets.

        Args:
            path: Where it went.
            body: What it asked.
            occurrence: How many of the same came before it.
        """
        asked = repr((self.seed, path, body, occurrence)).encode()
        # A digest, not `random`: its draws stay the same from one Python version to the next.
        digest = hashlib.blake2b(asked, digest_size=_DRAWS * _DRAW_BYTES).digest()
        starts = range(0, len(digest), _DRAW_BYTES)
        draws = (int.from_bytes(digest[start : start + _DRAW_BYTES], "big") for start in starts)
        chance, which, share = (draw / 2 ** (8 * _DRAW_BYTES) for draw in draws)
        faults = list(Fault)
        shortest, longest = self.latency
        return Step(
            wait=shortest + share * (longest - shortest),
            # A draw that was rounded up to 1 is the last fault, and none at a fail rate of 0.
            fault=faults[min(int(which * len(faults)), len(faults) - 1)] if chance < self.fail_rate else None,
        )

    def __str__(self) -> str:
        shortest, longest = self.latency
        wait = f"{shortest:g}" if shortest == longest else f"{shortest:g} to {longest:g}"
        return f"latency {wait} s, fail rate {self.fail_rate:g}, seed {self.seed}"


class Simulation:
    """A plan, and how often each request has come."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: Counter[bytes] = Counter()

    @property
    def is_quiet(self) -> bool:
        """Whether it changes nothing."""
        return self.plan.fail_rate == 0 and self.plan.latency == (0, 0)

    def next(self, path: str, body: bytes) -> Step:
        """What this request meets; the same one a second time meets something else."""
        if self.is_quiet:
            return Step(0, None)
        # Not the request itself: a long rehearsal sees many.
        request = hashlib.blake2b(repr((path, body)).encode(), digest_size=12).digest()
        self._seen[request] += 1
        return self.plan.step(path, body, self._seen[request] - 1)

    def reset(self) -> None:
        """Begin anew: the requests that come next meet what the first ones met."""
        self._seen.clear()


def read_plan(*, latency: float | tuple[float, float], fail_rate: float, seed: int | None) -> Plan:
    """Check what a sandbox is told; without a seed, one is chosen.

    Raises:
        ValueError: If a value is of no use.
    """
    shortest, longest = latency if isinstance(latency, tuple) else (latency, latency)
    if not 0 <= shortest <= longest < math.inf:
        raise ValueError(f"latency is {latency}; it must be 0 or more seconds, or a range with the shorter wait first")
    if not 0 <= fail_rate <= 1:
        raise ValueError(f"fail_rate is {fail_rate}; it must be from 0 (no request fails) to 1 (every request fails)")
    # Short enough to be read out.
    return Plan((shortest, longest), fail_rate, random.randrange(100_000) if seed is None else seed)  # noqa: S311


def parse_latency(text: str) -> float | tuple[float, float]:
    """Read seconds such as `0.3`, or a range such as `0.1-0.5`.

    Raises:
        ValueError: If it is neither.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a latency; give seconds such as 0.3, or a range such as 0.1-0.5")
    shortest, longest = found.groups()
    return float(shortest) if longest is None else (float(shortest), float(longest))
