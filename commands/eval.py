"""`strata eval`."""

from __future__ import annotations

import getpass
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from commands import beside
from core.models import utc_now
from core.queries import evaluations as runs
from core.queries.evaluations import HISTORY_MAX
from core.services import evaluations
from core.services.evaluations import KEPT
from core.settings.config import Settings
from core.stores import databases
from core.stores.databases import Store
from evals import answered_cases, drafting, factcheck, reporting, trial
from evals.cases import BadCases, load
from evals.cost import BadCeiling
from evals.injection import BadInstructions
from evals.offline_model.server import OfflineModel
from evals.recording import BadRecording, Recorder, Recording
from evals.recording import load as load_recording
from evals.suites import SUITES, Suite
from evals.synthea_rows import BadRecords
from workers.reports import prompts
from workers.reports.client import EndpointFault
from workers.reports.faults import Unusable


@click.group(name="eval")
def group() -> None:
    """How good the agents and the checks are: suites of cases with known answers.

    No server is needed. Suites that ask a model ask the endpoint that OPENAI_BASE_URL or OPENAI_API_KEY names, else an
    offline one that obeys whatever it finds in the record.
    """


@group.command("list")
def list_suites() -> None:
    """Name each suite and say what it measures."""
    for suite in SUITES.values():
        click.echo(f"{suite.name}  {suite.summary}")


@group.command()
@click.argument("suite_name", metavar="SUITE", type=click.Choice(sorted(SUITES)))
@click.option("--cases", "cases_file", type=click.Path(path_type=Path), help="Your own cases, one JSON object a line.")
@click.option(
    "--records", "folder", type=click.Path(path_type=Path), help="Make the suite's cases from Synthea CSV here."
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of the made cases.")
@click.option("--recorded", type=click.Path(path_type=Path), help="Let a recorded model answer, from this file.")
@click.option("--keep", is_flag=True, help="Store the result, and compare it with the last of its kind.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def run(
    suite_name: str,
    *,
    cases_file: Path | None,
    folder: Path | None,
    seed: int,
    recorded: Path | None,
    keep: bool,
    as_json: bool,
) -> None:
    """Run SUITE and print how often the checks were right.

    Without --cases it runs its own: a set written by hand, and claims made from records, half of them true and half
    with one thing wrong. Exits 1 if its own cases fall short of the suite's bar or, with --keep, have become worse
    than STRATA_EVAL_DROP_MAX allows; with --cases, only if they can't be read.

    \b
    A case is one line:
    {"id": "c1", "patient_id": 7, "label": "supported", "error_type": null,
     "rows": [{"ref": "observation:12", "type": "observation", "patient_id": 7,
               "fields": {"name": "Hemoglobin A1c", "code": "4548-4", "value": 8.9, "unit": "%",
                          "observed_at": "2026-05-03T02:10:00Z", "ref_low": 4.0, "ref_high": 6.0}}],
     "claim": {"text": "HbA1c was 8.9 % on 3 May 2026.", "citations": ["observation:12"]}}

    \b
    label       supported, contradicted or not_addressed, of the cited rows alone
    error_type  your name for what is wrong, or null
    """
    suite = SUITES[suite_name]
    _check_options(suite, cases_file, folder, keep)
    settings = beside.configure() if keep else None
    began = time.perf_counter()
    try:
        with _replayed(recorded) as recording:
            if suite.name == "factcheck" and recording is not None:
                suite = replace(suite, run=partial(factcheck.run, answers=recording.of_cases))
            result = _result(suite, cases_file, folder, seed)
    except trial.BudgetSpent as fault:
        if settings is not None:
            _keep(_nothing_measured(suite), [str(fault)], settings, time.perf_counter() - began)
        raise click.ClickException(str(fault)) from None
    click.echo(json.dumps(result) if as_json else suite.table(result))
    short = [] if cases_file else suite.bar(result)
    if settings is not None:
        short += _keep(result, short, settings, time.perf_counter() - began)
    if short:
        raise click.ClickException(f"{suite.name} falls short: {'; '.join(short)}")


@group.command()
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write the answers.")
@click.option(
    "--patients", default=12, show_default=True, type=click.IntRange(min=1), help="Made patients to ask about."
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(min=0), help="Of the made patients.")
@click.option(
    "--cases",
    "cases_files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Ask about these fact-check cases instead: what each sentence says, and a verdict on each claim.",
)
def record(out: Path, patients: int, seed: int, cases_files: tuple[Path, ...]) -> None:
    """Keep a real endpoint's answers about made patients, to replay them where no endpoint is at hand.

    The endpoint is the one that OPENAI_BASE_URL or OPENAI_API_KEY names. `strata eval run SUITE --recorded FILE`
    replays the answers; a recording holds for the prompts that it was made with.
    """
    endpoint = trial.from_environment()
    if endpoint is None:
        raise click.ClickException("no model endpoint is configured: set OPENAI_BASE_URL or OPENAI_API_KEY")
    recorder = Recorder()
    try:
        if cases_files:
            asked = [case for path in cases_files for case in load(path)]
            recorder.of_cases = answered_cases.ask(asked, endpoint.checker_model, partial(trial.paid, endpoint))
        else:
            for _, rows in drafting.cases(seed, patients):
                trial.run(endpoint, reporting.newest_first(rows), reporting.ON, recorder.keep)
    except (BadCases, EndpointFault, Unusable, trial.BudgetSpent) as fault:
        raise click.ClickException(f"not recorded: {fault}") from None
    model = endpoint.checker_model if cases_files else endpoint.drafter_model
    recorder.write(
        out, model=model, made_by=getpass.getuser(), made_at=f"{utc_now():%Y-%m-%dT%H:%M:%SZ}",
        prompts=prompts.version(), seed=str(seed), patients=str(patients),
    )  # fmt: skip
    missing = recorder.of_cases.unanswered
    without = f"; {missing} questions had no usable answer" if missing else ""
    click.echo(f"{recorder.total} answers of {model} are kept in {out}{without}")


@contextmanager
def _replayed(recorded: Path | None) -> Iterator[Recording | None]:
    """Let the endpoint of this block be a recording, if there is one."""
    if recorded is None:
        yield None
        return
    try:
        recording = load_recording(recorded, prompts.version())
    except BadRecording as fault:
        raise click.ClickException(str(fault)) from None
    named = {name: os.environ.get(name) for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY")}
    with OfflineModel(recording=recording) as server:
        os.environ.update(OPENAI_BASE_URL=server.url, OPENAI_API_KEY="recorded")
        try:
            yield recording
        finally:
            for name, value in named.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


def _check_options(suite: Suite, cases_file: Path | None, folder: Path | None, keep: bool) -> None:
    if cases_file and folder:
        raise click.UsageError("--cases and --records exclude each other")
    if (cases_file or folder) and not suite.takes_cases:
        raise click.UsageError(f"{suite.name} has cases of its own only")
    if keep and cases_file:
        raise click.UsageError("--keep is for a suite's own cases: other people's can't be compared with them")


def _result(suite: Suite, cases_file: Path | None, folder: Path | None, seed: int) -> dict[str, Any]:
    """What the suite measures, on the given cases or on its own. Raises BudgetSpent; ClickException for bad input."""
    try:
        return suite.run(load(cases_file) if cases_file else suite.own_cases(folder, seed))
    except (BadCases, BadRecords, BadInstructions, BadCeiling) as fault:
        raise click.ClickException(str(fault)) from None


def _nothing_measured(suite: Suite) -> dict[str, Any]:
    """The result of a run that used up its budget: no case, and what it cost."""
    given = trial.from_environment()
    model = given.drafter_model if given is not None else None
    return {"suite": suite.name, "model": model, "cases": 0, "cost_usd": float(trial.purse.spent)}


def _keep(result: dict[str, Any], short: list[str], settings: Settings, seconds: float) -> tuple[str, ...]:
    with databases.write() as session:
        kept = evaluations.keep(
            session, result, short=tuple(short), prompt_version=prompts.version(), drop_max=settings.eval_drop_max,
            seconds=seconds,
        )  # fmt: skip
        click.echo(f"{KEPT} {kept.run.id}", err=True)
    return kept.drops


@group.command()
@click.option("--suite", "suite_name", type=click.Choice(sorted(SUITES)), help="Of this suite only.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, HISTORY_MAX), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def history(suite_name: str | None, limit: int, as_json: bool) -> None:
    """List the results that were kept, the newest first."""
    beside.configure()
    with databases.read(Store.HOT) as session:
        found = runs.history(session, suite=suite_name, limit=limit)
    if as_json:
        click.echo(json.dumps([run.as_json() for run in found]))
        return
    for run in found:
        rate = "" if run.pass_rate is None else f"{run.pass_rate:7.2%}"
        words = "; ".join((*run.short, *run.drops)) or "passed"
        click.echo(f"{run.ran_at:%Y-%m-%d %H:%M}  {run.suite:18} {run.model or '':34} {rate}  {words}")
    if not found:
        click.echo("Nothing is kept yet: `strata eval run SUITE --keep` keeps a result.")
