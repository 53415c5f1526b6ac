"""What one big server and the tiers cost at a list price, from what `bench headline --json` measured:

    python -m bench.headline.bill FIGURES.json [--patients 500000 --patients 1500000]

Each figure was measured at two sizes and goes on as a straight line. A machine is the cheapest of the list with the
cores that the load takes at its peak, no busier than BUSY, and the memory for a 99 % hit rate. Portals, workers, Redis
and the models' endpoint are the same on both and left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import click

PRICES = Path(__file__).with_name("prices.json")
# Assumed, and to be replaced by your own: hot requests a second at the peak, for each 100,000 patients.
PEAK_OF_100_000 = 10.0
BUSY = 0.6
SPARE_MEMORY, SPARE_DISK = 1.5, 1.5
# Log that is kept for a backup: a week, at a third of the peak.
LOG_SECONDS = 7 * 86_400 / 3
ARCHIVES = ("logs", "visits", "reports")


@dataclass(frozen=True)
class Need:
    """What one server must have: cores, GB of memory, GB of disk, and whether that must be quick."""

    name: str
    cores: float
    memory_gb: float
    disk_gb: float
    is_fast: bool = True


def line(sizes: Sequence[Mapping[str, Any]], figure: Callable[[Mapping[str, Any]], float]) -> Callable[[int], float]:
    """The straight line through a figure of two sizes, by patients; never below the smaller of them."""
    first, second = sorted(sizes, key=lambda size: size["patients"])
    low, high = figure(first), figure(second)
    slope = (high - low) / (second["patients"] - first["patients"])
    return lambda patients: max(low + slope * (patients - first["patients"]), min(low, high))


def needs(figures: Mapping[str, Any], system: str, patients: int) -> list[Need]:
    """Each server of a system at so many patients."""
    sizes = list(figures["sizes"].values())
    rate = PEAK_OF_100_000 * patients / 100_000

    def at(*path: str) -> float:
        def found(size: Mapping[str, Any]) -> float:
            value: Any = size
            for part in path:
                value = value[part]
            return float(value)

        return line(sizes, found)(patients)

    log_gb = at("primary", system, "wal_mb") * rate / 1000 * LOG_SECONDS / 1024
    servers = []
    for name in sizes[0]["database_mb"][system]:
        cpu = "cpu_seconds" if name == "primary" else f"{name}_cpu_seconds"
        cores = at("primary", system, cpu) * rate / 1000 / BUSY
        memory = at("memory_mb_for_99_percent", system, name) / 1024 * SPARE_MEMORY
        disk = at("database_mb", system, name) / 1024 * SPARE_DISK + (log_gb if name == "primary" else 0.0)
        servers.append(Need(name, cores, memory, disk, name not in ARCHIVES))
    return servers


def usd_a_month(need: Need, prices: Mapping[str, Any]) -> tuple[str, float]:
    """The machine, and what it and its disk cost a month. Raises ValueError if none of the list is large enough."""
    fitting = [one for one in prices["machines"] if one["cores"] >= need.cores and one["memory_gb"] >= need.memory_gb]
    if not fitting:
        raise ValueError(f"{need.name}: no machine has {need.cores:.0f} cores and {need.memory_gb:.0f} GB")
    machine = min(fitting, key=lambda one: one["usd_an_hour"])
    each = prices["disk_usd_a_gb_month"]
    disk = need.disk_gb * each["fast"]
    if not need.is_fast:
        disk = min(disk, max(need.disk_gb, prices["slow_disk_gb_least"]) * each["slow"])
    return str(machine["name"]), machine["usd_an_hour"] * prices["hours_of_a_month"] + disk


def total(figures: Mapping[str, Any], system: str, patients: int, prices: Mapping[str, Any]) -> tuple[float, list[str]]:
    """US dollars a month, and a line for each server."""
    usd_of_all, lines = 0.0, []
    for need in needs(figures, system, patients):
        machine, usd = usd_a_month(need, prices)
        usd_of_all += usd
        lines.append(
            f"| {system} | {need.name} | {need.cores:.1f} | {need.memory_gb:.1f} | {need.disk_gb:.0f} | {machine} |"
            f" {usd:,.0f} |"
        )
    return usd_of_all, lines


@dataclass(frozen=True)
class Cost:
    """US dollars a month and a line for each server; or why no list has such a server."""

    usd: float | None = None
    lines: tuple[str, ...] = ()
    fault: str = ""

    @property
    def told(self) -> str:
        return self.fault if self.usd is None else f"{self.usd:,.0f}"

    @property
    def twice(self) -> str:
        """With a standby as large."""
        return "" if self.usd is None else f"{2 * self.usd:,.0f}"


def cost(figures: Mapping[str, Any], system: str, patients: int, prices: Mapping[str, Any]) -> Cost:
    """What a system costs at so many patients, if machines of the list hold it."""
    try:
        usd, lines = total(figures, system, patients, prices)
    except ValueError as fault:
        return Cost(fault=str(fault))
    return Cost(usd, tuple(lines))


def saved(one: Cost, tiers: Cost) -> str:
    """The share that the tiers save of one server's cost, and of one with a standby; nothing where one has none."""
    if one.usd is None or tiers.usd is None:
        return ""
    return f"{1 - tiers.usd / one.usd:.0%} and {1 - tiers.usd / (2 * one.usd):.0%}"


@click.command()
@click.argument("file", type=click.File())
@click.option("--patients", multiple=True, type=int, default=(20_000, 100_000, 500_000, 1_500_000))
def main(file: TextIO, patients: Sequence[int]) -> None:
    """Tables for docs/scaling.md."""
    figures, prices = json.load(file), json.loads(PRICES.read_text())
    click.echo(
        f"{prices['source']}\n\n| patients | one server | with a standby as large | tiers | saved |\n"
        "|---|---|---|---|---|"
    )
    details = []
    for count in patients:
        one, tiers = (cost(figures, system, count, prices) for system in ("one server", "tiers"))
        click.echo(f"| {count:,} | {one.told} | {one.twice} | {tiers.told} | {saved(one, tiers)} |")
        details.append((count, [*one.lines, *tiers.lines]))
    for count, lines in details:
        click.echo(f"\n{count:,} patients\n\n| | server | cores | memory, GB | disk, GB | machine | US$ a month |")
        click.echo("|---|---|---|---|---|---|---|")
        click.echo("\n".join(lines))


if __name__ == "__main__":
    main()
