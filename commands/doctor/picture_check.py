"""Whether the patients' pictures are what all tiers say: a sample is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from commands.doctor.finding import Finding, judge
from core.engines import EngineError
from core.picture import clinics, rebuild

SAMPLE = 50
REBUILD = "run `strata picture rebuild`"
LOOK_UP = "run `strata picture clinics`: pages that are printed name no clinic until then"


def examine() -> Iterator[Finding]:
    try:
        waiting, looked_at = len(rebuild.stale()), rebuild.sample(SAMPLE)
        wrong = rebuild.differences(looked_at)
        asked, without = clinics.unnamed(SAMPLE)
    except (SQLAlchemyError, EngineError) as fault:
        yield Finding("pictures", False, f"can't be read: {type(fault).__name__}", "see what is wrong above")
        return
    some = "or more " if waiting == rebuild.PATIENTS_A_CHUNK else ""
    detail = f"{waiting} {some}patients wait for theirs" if waiting else "none is stale"
    yield judge("pictures: up to date", not waiting, detail, f"{REBUILD}, or let the scheduled job do it")
    yield judge("pictures: clinics", not without, _clinics(asked, without), LOOK_UP)
    of_whom = f", as of patient {wrong[0].patient_id}" if wrong else ""
    detail = f"{len(wrong)} of {len(looked_at)} differ from the tiers{of_whom}"
    yield judge("pictures: right", not wrong, detail, REBUILD)


def _clinics(asked: int, without: Sequence[int]) -> str:
    if without:
        return f"{len(without)} of {asked} have archived visits at a clinic and name none, as patient {without[0]}"
    return "those of archived visits are known"
