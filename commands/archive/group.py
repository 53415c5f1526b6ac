"""The group of commands, and the options they share."""

from __future__ import annotations

import click

from core.models.record_types import RECORD_TYPES

record_type_option = click.option(
    "--type", "record_type", type=click.Choice(list(RECORD_TYPES)), help="Record type: log, visit or report."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
run_option = click.option("--run", "run_id", type=int, help="The run; the newest (of --type), unless given.")


@click.group(name="archive")
def group() -> None:
    """Move cold rows to the archive servers; see how it goes; pause, resume, redrive; bring them back.

    Access events are cold after 7 days, closed visits and reports after about 6 months (the settings
    STRATA_LOG_HOT_DAYS, STRATA_VISIT_HOT_DAYS and STRATA_REPORT_HOT_DAYS).
    """
