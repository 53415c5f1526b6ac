"""Visits of the well and of the briefly ill: screening, childhood checks, coughs and aches."""

from __future__ import annotations

from dataclasses import dataclass

from core.interchange.generate.chart_lines import Chart, medicine
from core.interchange.generate.chronic import panel
from core.interchange.generate.measured import A

PARACETAMOL = medicine(
    "N02BE01", "Paracetamol 500 mg tablet", "500 mg to 1 g", "every 6 hours if needed", "At most 8 tablets a day."
)
PARACETAMOL_SYRUP = medicine(
    "N02BE01", "Paracetamol 120 mg/5 mL syrup", "15 mg/kg", "every 6 hours if needed", "At most 4 doses a day."
)
LORATADINE = medicine("R06AX13", "Loratadine 10 mg tablet", "10 mg", "once a day", "For a runny nose or itch.")
ORAL_SALTS = medicine("A07CA", "Oral rehydration salts", "1 sachet", "after each loose stool", "Mix with 200 mL water.")
DICLOFENAC = medicine(
    "M02AA15", "Diclofenac 1 % gel", "thin layer", "three times a day", "Not on broken skin.", route="skin"
)
HYDROCORTISONE = medicine(
    "D07AA02", "Hydrocortisone 1 % cream", "thin layer", "twice a day", "At most 7 days.", route="skin"
)


@dataclass(frozen=True, slots=True)
class Illness:
    """A brief illness: what the visit is called, what is found, what helps, how long it lasts."""

    title: str
    reason: str
    code: str
    name: str
    told: tuple[str, ...]
    found: tuple[str, ...]
    medicine: str
    days: int
    fever: float = 0.0


ILLNESSES = (
    Illness(
        "Cough and cold",
        "Cough and runny nose",
        "54150009",
        "Upper respiratory infection",
        ("Cough for three days, runny nose.", "Sore throat and blocked nose since yesterday.", "Dry cough, no phlegm."),
        ("Throat mildly red, chest clear.", "Chest clear, ears normal.", "Throat not inflamed."),
        LORATADINE,
        5,
        0.5,
    ),
    Illness(
        "Fever",
        "Fever and body aches",
        "34014006",
        "Viral illness",
        ("Fever for two days with aches.", "Fever since last night, eating less.", "Chills and headache."),
        ("No rash, neck supple.", "Well hydrated, no focus found.", "Alert, chest clear."),
        PARACETAMOL,
        5,
        1.4,
    ),
    Illness(
        "Tummy upset",
        "Vomiting and loose stools",
        "25374005",
        "Gastroenteritis",
        ("Loose stools four times today.", "Vomited twice after eating out.", "Cramps and watery stools."),
        ("Abdomen soft, not tender.", "No signs of dehydration.", "Bowel sounds active."),
        ORAL_SALTS,
        3,
        0.3,
    ),
    Illness(
        "Back pain",
        "Pain in the lower back",
        "279039007",
        "Low back pain",
        ("Back pain after lifting.", "Ache in the lower back for a week.", "Stiff back in the mornings."),
        ("No weakness or numbness.", "Straight leg raise normal.", "Tender muscles, full movement."),
        DICLOFENAC,
        10,
    ),
    Illness(
        "Headache",
        "Headache",
        "398057008",
        "Tension headache",
        ("Tight band around the head for two days.", "Headache after long hours at a screen.", "Poor sleep this week."),
        ("Normal nerve examination.", "Eyes normal, neck muscles tight.", "No warning signs."),
        PARACETAMOL,
        5,
    ),
    Illness(
        "Skin rash",
        "Itchy rash",
        "43116000",
        "Eczema",
        ("Itchy patches on the arms.", "Rash behind the knees for two weeks.", "Dry, itchy hands."),
        ("Dry red patches, no infection.", "Scratch marks, skin intact.", "Mild patches only."),
        HYDROCORTISONE,
        7,
    ),
)
ADVICE = (
    "Advised rest and fluids.",
    "To return if no better in three days.",
    "Medical certificate for one day.",
    "Warning signs explained.",
)


def illness(chart: Chart, what: Illness) -> None:
    """The body of a visit for a brief illness."""
    rng = chart.rng
    temperature = 36.7 + what.fever * abs(chart.noise()) + 0.2 * chart.noise()
    shown = chart.observe(A.TEMPERATURE, temperature)
    if chart.age >= 18 and chart.draw() < 0.4:
        chart.observe(A.PULSE, 78 + 9 * (temperature > 37.8) + 8 * chart.noise(), 0)
    given = PARACETAMOL_SYRUP if chart.age < 12 else what.medicine
    if what.medicine is ORAL_SALTS or what.medicine is HYDROCORTISONE:
        given = what.medicine
    if chart.draw() < 0.6:
        chart.course(given, what.name, what.days)
    if chart.draw() < 0.25:
        chart.condition(what.code, what.name, chart.day_text, chart.day_text)
    chart.note(rng.choice(what.told), f"Temperature {shown} C. {rng.choice(what.found)}", rng.choice(ADVICE))


def screening(chart: Chart) -> None:
    """A healthy adult's yearly check."""
    systolic = 112 + 0.25 * chart.age + 8 * chart.noise()
    pressure = f"{chart.observe(A.SYSTOLIC, systolic, 0)}/{chart.observe(A.DIASTOLIC, systolic * 0.62, 0)}"
    words = [f"BP {pressure}. {body(chart)}"]
    if chart.age >= 40 or chart.draw() < 0.3:
        sugar = chart.observe(A.GLUCOSE, 5.1 + 0.01 * chart.age + 0.4 * chart.noise())
        ldl = panel(chart, max(1.2, 2.8 + 0.5 * chart.noise()))
        words.append(f"Fasting glucose {sugar} mmol/L, LDL {ldl} mmol/L.")
    elif chart.draw() < 0.4:
        base = 13.0 if chart.who.sex == "female" else 14.8
        words.append(f"Haemoglobin {chart.observe(A.HAEMOGLOBIN, base + 0.9 * chart.noise())} g/dL.")
    if chart.draw() < 0.1:
        words.append(f"ALT {chart.observe(A.ALT, max(8, 24 + 9 * chart.noise()), 0)} U/L.")
    chart.note(chart.rng.choice(("Feels well.", "No complaints.", "Here for a yearly check.")), *words)


def body(chart: Chart) -> str:
    """Weight and BMI of an adult, steady about a build that belongs to the person."""
    build = chart.build
    height = (1.53 if chart.who.sex == "female" else 1.66) + 0.12 * build
    weight = (19.5 + 9 * (build * 7 % 1) + 0.02 * chart.age + 0.3 * chart.noise()) * height * height
    index = chart.observe(A.BMI, weight / height / height)
    return f"Weight {chart.observe(A.WEIGHT, weight)} kg, BMI {index}."


VACCINES = (
    (0, "BCG and hepatitis B vaccines given."),
    (1, "Six-in-one and pneumococcal vaccines given."),
    (2, "Measles, mumps and rubella vaccine given."),
    (7, "Influenza vaccine given."),
    (12, "Tetanus, diphtheria and pertussis booster given."),
)


def childhood(chart: Chart) -> None:
    """Growth and the vaccine that is due; sizes follow the usual curve for age."""
    age = (chart.day - chart.who.birth_on).days / 365.25
    weight = 3.3 + 6.2 * age if age < 1 else 7.6 + 2.3 * age + 0.06 * max(0.0, age - 6) ** 2
    height = 50 + 25 * age if age < 1 else 70 + 6.2 * min(age, 16)
    scale = 1 + 0.05 * chart.noise()
    heavy, tall = chart.observe(A.WEIGHT, weight * scale), chart.observe(A.HEIGHT, height * (1 + (scale - 1) / 3))
    due = next((words for up_to, words in VACCINES if age <= up_to + 1), "Vaccinations are up to date.")
    chart.note(f"Weight {heavy} kg, height {tall} cm. Growing well.", due)
