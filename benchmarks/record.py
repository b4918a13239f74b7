"""What was measured, as it is kept in results.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Series:
    """One thing that was measured of one peer.

    Attributes:
        case: Under which circumstances, such as `https`.
        measure: What, such as `median`.
        peer: Whose.
        values: One for each round, in the order of the rounds.
    """

    case: str
    measure: str
    peer: str
    values: list[float]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of work: when it was measured, from which commit, and what was found."""

    date: str
    commit: str
    series: list[Series]

    def values(self, case: str, measure: str, peer: str) -> list[float]:
        """One series' values, none if it was not measured."""
        wanted = (case, measure, peer)
        return next((one.values for one in self.series if (one.case, one.measure, one.peer) == wanted), [])


@dataclass(frozen=True, slots=True)
class Record:
    """All that was measured on one machine."""

    machine: dict[str, str]
    packages: dict[str, dict[str, str]]
    parts: dict[str, Part] = field(default_factory=dict)

    def updated(self, newer: Record) -> Record:
        """This with what is newer; nothing of this remains if it comes from another machine or other packages."""
        if (self.machine, self.packages) != (newer.machine, newer.packages):
            return newer
        return Record(self.machine, self.packages, {**self.parts, **newer.parts})


def write(record: Record) -> str:
    """A record as JSON, each series on a line."""
    parts = [_part(name, part) for name, part in record.parts.items()]
    head = json.dumps({"machine": record.machine, "packages": record.packages}, indent=1).removesuffix("\n}")
    return f'{head},\n "parts": {{\n' + ",\n".join(parts) + "\n }\n}\n"


def _part(name: str, part: Part) -> str:
    series = ",\n".join(f"   {json.dumps(asdict(one))}" for one in part.series)
    made = f'"date": {json.dumps(part.date)}, "commit": {json.dumps(part.commit)}'
    return f'  {json.dumps(name)}: {{{made}, "series": [\n{series}\n  ]}}'


def read(text: str) -> Record:
    """A record from what `write` wrote."""
    found: dict[str, Any] = json.loads(text)
    parts = {
        name: Part(part["date"], part["commit"], [Series(**series) for series in part["series"]])
        for name, part in found["parts"].items()
    }
    return Record(found["machine"], found["packages"], parts)
