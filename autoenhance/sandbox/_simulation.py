"""Pure: the simulated delay and fault of each request."""

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
_DRAW_BYTES: Final = 7  # 56 bits: more than the precision of a float
_DRAWS: Final = 3


class SimulatedError(Enum):
    """A simulated fault. All are equally likely."""

    INTERNAL_ERROR = "500"
    """500; the edit was not made."""
    BAD_GATEWAY = "502"
    """502; the edit was not made."""
    UNAVAILABLE = "503"
    """503 without `Retry-After`; the edit was not made."""
    GATEWAY_TIMEOUT = "504"
    """504; the edit was made: a gateway did not wait for the response."""
    CUT_BEFORE = "cut before"
    """The connection is closed without a response; the edit was not made."""
    CUT_AFTER = "cut after"
    """The connection is closed without a response; the edit was made."""

    @property
    def status(self) -> int | None:
        """The status of the response, None if there is no response."""
        return int(self.value) if self.value.isdigit() else None

    @property
    def is_after_edit(self) -> bool:
        """Whether the edit is made, and only its response is lost."""
        return self in {SimulatedError.GATEWAY_TIMEOUT, SimulatedError.CUT_AFTER}


@dataclass(frozen=True, slots=True)
class Step:
    """The simulated delay and fault of one request."""

    wait: float
    """Seconds before the request is handled."""
    fault: SimulatedError | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a simulation.

    Attributes:
        latency: The shortest and the longest wait in seconds, uniformly distributed.
        fail_rate: The fraction of requests with a fault, 0 to 1.
        seed: The same seed and the same requests give the same faults and waits, in any order.
    """

    latency: tuple[float, float]
    fail_rate: float
    seed: int

    def step(self, path: str, body: bytes, occurrence: int) -> Step:
        """Return the delay and fault of a request.

        Args:
            path: Its path, with the query.
            body: Its body.
            occurrence: The number of identical requests before it.
        """
        request = repr((self.seed, path, body, occurrence)).encode()
        # A digest, not `random`: its draws are the same in every Python version.
        digest = hashlib.blake2b(request, digest_size=_DRAWS * _DRAW_BYTES).digest()
        starts = range(0, len(digest), _DRAW_BYTES)
        draws = (int.from_bytes(digest[start : start + _DRAW_BYTES], "big") for start in starts)
        failure, choice, delay = (draw / 2 ** (8 * _DRAW_BYTES) for draw in draws)
        faults = list(SimulatedError)
        shortest, longest = self.latency
        return Step(
            wait=shortest + delay * (longest - shortest),
            # A draw that was rounded up to 1 is the last fault, and none at a fail rate of 0.
            fault=faults[min(int(choice * len(faults)), len(faults) - 1)] if failure < self.fail_rate else None,
        )

    def __str__(self) -> str:
        shortest, longest = self.latency
        wait = f"{shortest:g}" if shortest == longest else f"{shortest:g} to {longest:g}"
        return f"latency {wait} s, fail rate {self.fail_rate:g}, seed {self.seed}"


class Simulation:
    """A plan, and the number of times each request was received."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seen: Counter[bytes] = Counter()

    @property
    def is_off(self) -> bool:
        """Whether it has no delays and no faults."""
        return self.plan.fail_rate == 0 and self.plan.latency == (0, 0)

    def next(self, path: str, body: bytes) -> Step:
        """Return the delay and fault of a request; an identical request gets others."""
        if self.is_off:
            return Step(0, None)
        # Not the request itself, to save memory in a long simulation.
        request = hashlib.blake2b(repr((path, body)).encode(), digest_size=12).digest()
        self._seen[request] += 1
        return self.plan.step(path, body, self._seen[request] - 1)

    def reset(self) -> None:
        """Start again: the next requests get the delays and faults of the first ones."""
        self._seen.clear()


def read_plan(*, latency: float | tuple[float, float], fail_rate: float, seed: int | None) -> Plan:
    """Check the settings of a simulation and return its plan; without a seed, a random one is chosen.

    Raises:
        ValueError: If a setting is invalid.
    """
    shortest, longest = latency if isinstance(latency, tuple) else (latency, latency)
    if not 0 <= shortest <= longest < math.inf:
        raise ValueError(f"latency is {latency}; it must be 0 or more seconds, or a range with the shorter wait first")
    if not 0 <= fail_rate <= 1:
        raise ValueError(f"fail_rate is {fail_rate}; it must be from 0 (no request fails) to 1 (every request fails)")
    # A short seed, which is easy to pass on.
    return Plan((shortest, longest), fail_rate, random.randrange(100_000) if seed is None else seed)  # noqa: S311


def parse_latency(text: str) -> float | tuple[float, float]:
    """Parse seconds such as `0.3`, or a range such as `0.1-0.5`.

    Raises:
        ValueError: If it is neither.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a latency; give seconds such as 0.3, or a range such as 0.1-0.5")
    shortest, longest = match.groups()
    return float(shortest) if longest is None else (float(shortest), float(longest))
