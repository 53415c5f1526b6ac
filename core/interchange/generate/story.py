"""A patient's story: how often they come, on which days, and what happens at each visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from core.interchange.generate import occasional, singapore_names
from core.interchange.generate.chart_lines import Chart
from core.interchange.generate.chronic import Problem, problems
from core.interchange.generate.identities import Identity
from core.interchange.generate.places import Setting

DAYS = 8 * 365
QUARTER_DAYS, YEAR_DAYS = 91, 365
CHILD_UNTIL = 16
ILL_SHARE = 0.25
SCREENED_SHARE = 0.45
HOME_SHARE = 0.85
ALLERGIC_SHARE = 0.15
ALLERGIES = tuple(
    "\t".join(columns)
    for columns in (
        ("91936005", "Penicillin", "medication", "Rash", "moderate", "high", "active"),
        ("293586001", "Aspirin and similar painkillers", "medication", "Swollen eyelids", "moderate", "high", "active"),
        ("91939003", "Sulfonamide antibiotics", "medication", "Rash", "mild", "low", "active"),
        ("91935009", "Peanut", "food", "Hives", "severe", "high", "active"),
        ("300913006", "Shellfish", "food", "Itchy mouth", "mild", "low", "active"),
        ("232347008", "House dust mite", "environment", "Sneezing", "mild", "low", "active"),
    )
)


@dataclass(slots=True)
class Person:
    """Someone before their first visit; `weight` is how often they come, against others."""

    who: Identity
    community: str
    problems: list[Problem]
    weight: float


def person(rng: Random, who: Identity, as_of: date) -> Person:
    """Give an identity its community, its long-term problems and its rhythm."""
    age = (as_of - who.birth_on).days // 365
    community = singapore_names.group(rng)
    found = problems(rng, age, community)
    weight = (0.9 if age < 6 else 0.5) + (0.4 if age > 64 else 0.0) + (1.6 + 0.3 * len(found) if found else 0.0)
    return Person(who, community, found, weight * (0.6 + 0.8 * rng.random()))


def shares(people: list[Person], visits: int) -> list[int]:
    """Divide a number of visits among people by their weight; the shares add up to it exactly."""
    total = sum(one.weight for one in people)
    divided, given, reached = [], 0, 0.0
    for one in people:
        reached += one.weight
        upto = round(visits * reached / total)
        divided.append(upto - given)
        given = upto
    return divided


def write(rng: Random, one: Person, patient_id: int, visits: int, setting: Setting) -> tuple[str, Chart]:
    """The line of one person, and the chart of so many visits."""
    chart = Chart(rng, patient_id, one.who, setting)
    home = rng.choice(setting.staff)
    days = visit_days(rng, one, visits, setting.as_of)
    begun = False
    for ordinal, day in enumerate(days):
        clinic = home if chart.draw() < HOME_SHARE else rng.choice(setting.staff)
        practitioner_id, author = rng.choice(clinic.practitioners)
        place = (clinic.clinic_id, practitioner_id, author)
        if one.problems and chart.draw() > ILL_SHARE:
            chart.open_visit(day, place, *_occasion(one.problems[ordinal % len(one.problems)]))
            _review(chart, one.problems, (day - days[0]).days / YEAR_DAYS, begun=begun)
            begun = True
        else:
            _occasional(chart, day, place)
    if begun:
        for problem in one.problems:
            problem.end(chart)
    registered = days[0] if days else setting.as_of
    if rng.random() < ALLERGIC_SHARE:
        chart.allergy(rng.choice(ALLERGIES), registered.isoformat())
    return _patient(rng, patient_id, one, registered), chart


def visit_days(rng: Random, one: Person, count: int, as_of: date) -> list[date]:
    """The days of the visits, first to last: about quarterly with a long-term problem, else yearly; no Sundays."""
    if not count:
        return []
    span = min(DAYS, (as_of - one.who.birth_on).days - 1)
    step = min(QUARTER_DAYS if one.problems else YEAR_DAYS, max(0, span) / count)
    ordinals = []
    for back in range(count - 1, -1, -1):
        ordinal = as_of.toordinal() - 1 - int((back + rng.random()) * step)
        ordinals.append(ordinal if ordinal % 7 else ordinal - 1)
    earliest = one.who.birth_on
    return [max(date.fromordinal(ordinal), earliest) for ordinal in ordinals]


def _occasion(problem: Problem) -> tuple[str, str]:
    return problem.title, problem.reason


def _review(chart: Chart, found: list[Problem], years: float, *, begun: bool) -> None:
    if not begun:
        for problem in found:
            problem.begin(chart, chart.rng.choice((0, 0, 2, 5, 9)) if chart.age > 30 else 0)
    sentences = [words for problem in found if (words := problem.review(chart, years))]
    if chart.age >= 18 and chart.draw() < 0.3:
        sentences.append(occasional.body(chart))
    opening = chart.rng.choice(("Feels well.", "No new complaints.", "Takes the medicines as told.", "Sleeps well."))
    chart.note(opening, *sentences, f"To continue {', '.join(problem.taken() for problem in found)}.")


def _occasional(chart: Chart, day: date, place: tuple[int, int, str]) -> None:
    child = (day - chart.who.birth_on) < timedelta(days=CHILD_UNTIL * 365)
    if chart.draw() < SCREENED_SHARE:
        if child:
            chart.open_visit(day, place, "Growth check and vaccination", "Check of growth and vaccinations")
            occasional.childhood(chart)
        else:
            chart.open_visit(day, place, "Health screening", "Yearly health check")
            occasional.screening(chart)
        return
    what = chart.rng.choice(occasional.ILLNESSES[:3] if child else occasional.ILLNESSES)
    chart.open_visit(day, place, what.title, what.reason)
    occasional.illness(chart, what)


def _patient(rng: Random, patient_id: int, one: Person, registered: date) -> str:
    who = one.who
    name = singapore_names.full_name(rng, one.community, who.sex)
    language = rng.choice(singapore_names.LANGUAGES[one.community])
    return (
        f"{patient_id}\t{name}\t{who.sex}\t{who.birth_on.isoformat()}\t{singapore_names.phone(rng)}"
        f"\t{singapore_names.address(rng)}\t{language}\t{registered.isoformat()} 00:00:00+00\t1\n"
    )
