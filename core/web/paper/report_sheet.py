"""A signed report, and one test over time, on paper."""

from __future__ import annotations

from core.queries.reports import SignedReport
from core.queries.results import Trend
from core.web.filters import Formats, plural
from core.web.paper import in_words
from core.web.paper.drawn_trend import draw
from core.web.paper.sheet import Letterhead, Sheet

TREND_COLUMNS = (("Day", 32.0), ("Result", 58.0), ("Usual range", 50.0), ("In range?", 40.0))


def report(signed: SignedReport, head: Letterhead, formats: Formats) -> Sheet:
    """A signed report as a document."""
    sheet = Sheet(f"Health report of {formats.day(signed.signed_at)}", head)
    sheet.heading("Health report", 1)
    add_report(sheet, signed, formats)
    return sheet


def add_report(sheet: Sheet, signed: SignedReport, formats: Formats) -> None:
    """A signed report as a part of a document."""
    for warning in _warnings(signed):
        sheet.paragraph(warning)
    for title, claims in signed.sections:
        sheet.heading(title, 3)
        for claim in claims:
            sheet.across([("•", 4.0), (claim.text, 176.0)])
    sheet.down(2)
    sheet.facts(
        [("Signed by", signed.signed_by), ("When", formats.moment(signed.signed_at)), ("Meaning", signed.meaning)]
    )
    sheet.paragraph(signed.note, quiet=True)


def _warnings(signed: SignedReport) -> list[str]:
    told = []
    if not signed.holds:
        told.append("This report has changed since it was signed. Do not rely on it: ask for a new one.")
    elif not signed.is_keyed:
        told.append("This signature can't be proved: it is older than its key, or its proof was taken away.")
    if signed.replaced_by_id:
        told.append("A newer report replaces this one.")
    if signed.claims_left_out:
        told.append(f"{plural(signed.claims_left_out, 'sentence')} left out: of a visit that is kept apart.")
    return told


def one_test(trend: Trend, head: Letterhead, formats: Formats) -> Sheet:
    """Every value of one test, drawn and as a table, the newest first."""
    latest = trend.latest
    sheet = Sheet(latest.name, head)
    sheet.heading(latest.name, 1)
    if latest.plain_name:
        sheet.paragraph(latest.plain_name, quiet=True)
    sheet.facts(
        [
            ("Newest result", in_words.value(latest)),
            ("Day", formats.day(latest.observed_at)),
            ("Usual range", in_words.usual_range(latest)),
            ("In range?", in_words.place(latest)),
        ]
    )
    draw(sheet, trend, formats.day)
    sheet.heading(plural(len(trend.results), "result"))
    sheet.grid(
        TREND_COLUMNS,
        (
            (formats.day(item.observed_at), in_words.value(item), in_words.usual_range(item), in_words.place(item))
            for item in reversed(trend.results)
        ),
    )
    return sheet
