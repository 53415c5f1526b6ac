"""`strata audit seal`."""

from __future__ import annotations

import click

from commands.parameters import ROW_ID


@click.command()
@click.option("--batch", "batch_id", type=ROW_ID, help="This batch alone, whatever the trail says of it.")
def seal(batch_id: int | None) -> None:
    """Put on the trail what archived batches hold that left before that was done as they leave.

    From then on `strata audit verify` finds what is altered in them; what became of them before, it can't tell.
    Verifies the trail first, and seals nothing if that does not hold.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from core.queries import audit_chains
    from core.services import batch_sealing
    from core.staging.contract import StagingError
    from core.stores import databases
    from core.stores.archived import ColdUnavailable
    from core.stores.replica_reads import ReplicaBehind

    try:
        due = [batch_id] if batch_id is not None else audit_chains.unsealed()
        rows = 0
        for one in due:
            with databases.write() as session:
                rows += batch_sealing.seal_later(session, batch_id=one)
    except (ColdUnavailable, ReplicaBehind, StagingError, audit_chains.Broken, batch_sealing.NotSealed) as fault:
        raise click.ClickException(str(fault)) from None
    except SQLAlchemyError as fault:
        raise click.ClickException(f"an archive server is not answering ({type(fault).__name__}): try again") from None
    click.echo(f"{len(due):,} batches with {rows:,} rows are sealed from now on")
