"""Ratios as the programs of this folder print them, and as `python -m bench` reads them again."""

import re
from dataclasses import dataclass
from typing import Final, Self

_LINE: Final = re.compile(
    r"RATIO (?P<what>.+): (?P<value>[0-9.]+)(?: \(aim: (?P<word>at least|at most) (?P<aim>[0-9.]+)\))?"
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """What was compared, how many times the one is the other, and what it ought to be, if there is an aim."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the aim is met; true without one."""
        low = self.at_least is None or self.value >= self.at_least
        return low and (self.at_most is None or self.value <= self.at_most)

    @property
    def aim(self) -> str:
        """The aim in words; empty without one."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    def print(self) -> None:
        """Print it as a line that `parse` reads."""
        aim = f" (aim: {self.aim})" if self.aim else ""
        print(f"RATIO {self.what}: {self.value:.2f}{aim}", flush=True)

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """Read a printed line; None for any other line."""
        found = _LINE.fullmatch(line.strip())
        if found is None:
            return None
        aim = None if found["aim"] is None else float(found["aim"])
        return cls(
            found["what"],
            float(found["value"]),
            at_least=aim if found["word"] == "at least" else None,
            at_most=aim if found["word"] == "at most" else None,
        )
