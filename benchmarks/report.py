"""What came out, as tables that people read: on the screen, and as RESULTS.md."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

PROJECT = Path(__file__).resolve().parent.parent
MEASURED_PACKAGES = ("Django", "gunicorn", "requests", "msgspec", "rapidfuzz")


@dataclass(frozen=True)
class Goal:
    """A ratio or a figure that is to be kept. bound: whether `limit` is the most or the least."""

    text: str
    limit: float
    measured: float
    unit: str = "x"
    bound: Literal["most", "least"] = "most"

    @property
    def is_met(self) -> bool:
        if self.bound == "most":
            return self.measured <= self.limit
        return self.measured >= self.limit

    @property
    def row(self) -> list[str]:
        sign = "≤" if self.bound == "most" else "≥"
        return [
            self.text,
            f"{sign} {self.limit:g} {self.unit}",
            f"{self.measured:.4g} {self.unit}",
            "met" if self.is_met else "**not met**",
        ]


@dataclass(frozen=True)
class Section:
    """One table with what it means, and the goals that it decides."""

    title: str
    note: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    goals: Sequence[Goal] = field(default=())

    def __str__(self) -> str:
        return f"## {self.title}\n\n{self.note}\n\n{table(self.header, self.rows)}\n"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are figures."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def document(
    sections: Sequence[Section], *, command: str, load_before: str, began: datetime
) -> str:
    """Return RESULTS.md: the goals first, then where and how it was measured, then every table."""
    goals = [goal.row for section in sections for goal in section.goals]
    minutes = (datetime.now(UTC) - began).total_seconds() / 60
    parts = [
        "# Results\n",
        f"`{command}` wrote this; [README.md](README.md) says what is measured and how.\n",
        table(["goal", "limit", "measured", ""], goals) + "\n",
        f"{began:%Y-%m-%d %H:%M} UTC, {minutes:.1f} minutes, commit {_commit()}. {machine()}"
        f" Load when it began: {load_before}; what else runs beside it shows in every figure.\n",
        *map(str, sections),
    ]
    return "\n".join(parts)


def machine() -> str:
    """Return what it ran on, in two sentences."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    packages = ", ".join(f"{name} {version(name)}" for name in MEASURED_PACKAGES)
    return (
        f"{models[0] if models else platform.processor()}, {os.cpu_count()} cores, shared by the"
        f" server, the stub and whoever measures; {platform.platform(terse=True)}."
        f" Python {platform.python_version()}, {packages}, abeja-sdk {_sdk_version()}."
    )


def load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def ms(seconds: float) -> str:
    milliseconds = seconds * 1000
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.3g}"


def _sdk_version() -> str:
    python = PROJECT / ".venv-sdk/bin/python"
    ask = "from importlib.metadata import version; print(version('abeja-sdk'))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
