"""Long-term problems: each remembers its own course, measures what its review measures, and steps its medicine."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from core.interchange.generate.chart_lines import Chart, medicine
from core.interchange.generate.measured import A

Ladder = tuple[str, ...]

METFORMIN: Ladder = (
    medicine("A10BA02", "Metformin 500 mg tablet", "500 mg", "once a day", "Take with food."),
    medicine("A10BA02", "Metformin 500 mg tablet", "500 mg", "twice a day", "Take with food."),
    medicine("A10BA02", "Metformin 850 mg tablet", "850 mg", "twice a day", "Take with food."),
    medicine("A10BA02", "Metformin 1 g tablet", "1 g", "twice a day", "Take with food."),
)
AMLODIPINE: Ladder = (
    medicine("C08CA01", "Amlodipine 5 mg tablet", "5 mg", "once a day", "Take at the same time each day."),
    medicine("C08CA01", "Amlodipine 10 mg tablet", "10 mg", "once a day", "Take at the same time each day."),
)
LOSARTAN: Ladder = (
    medicine("C09CA01", "Losartan 50 mg tablet", "50 mg", "once a day", "Rise slowly if you feel giddy."),
    medicine("C09CA01", "Losartan 100 mg tablet", "100 mg", "once a day", "Rise slowly if you feel giddy."),
)
ATORVASTATIN: Ladder = (
    medicine("C10AA05", "Atorvastatin 10 mg tablet", "10 mg", "once a day at night", "Report muscle pain."),
    medicine("C10AA05", "Atorvastatin 20 mg tablet", "20 mg", "once a day at night", "Report muscle pain."),
    medicine("C10AA05", "Atorvastatin 40 mg tablet", "40 mg", "once a day at night", "Report muscle pain."),
)
LEVOTHYROXINE: Ladder = (
    medicine("H03AA01", "Levothyroxine 50 mcg tablet", "50 mcg", "once a day", "Take before breakfast."),
    medicine("H03AA01", "Levothyroxine 75 mcg tablet", "75 mcg", "once a day", "Take before breakfast."),
    medicine("H03AA01", "Levothyroxine 100 mcg tablet", "100 mcg", "once a day", "Take before breakfast."),
)
BUDESONIDE: Ladder = (
    medicine(
        "R03BA02", "Budesonide 100 mcg inhaler", "100 mcg", "twice a day", "Rinse your mouth after.", route="inhaled"
    ),
    medicine(
        "R03BA02", "Budesonide 200 mcg inhaler", "200 mcg", "twice a day", "Rinse your mouth after.", route="inhaled"
    ),
)


class Problem:
    """A long-term problem of one patient. `review` measures, steps the medicine and gives the note's sentence."""

    code = name = title = reason = ""
    ladders: tuple[Ladder, ...] = ()

    def __init__(self, rng: Random) -> None:
        self._ladder = self.ladders[int(rng.random() * len(self.ladders))]
        self._step = -1
        self._since: tuple[int, str] = (0, "")
        self.last: float | None = None
        self.drift = rng.uniform(-0.25, 0.35)

    def begin(self, chart: Chart, years_before: float) -> None:
        """Found at this visit, or long before it."""
        onset = f"{chart.day.year - int(years_before)}{chart.day_text[4:8]}01" if years_before >= 1 else chart.day_text
        chart.condition(self.code, self.name, max(onset, chart.who.birth_on.isoformat()))
        self._since, self._step = (chart.visit, chart.day_text), 0

    def step_up(self, chart: Chart) -> str:
        """The next higher dose, if there is one and the lower did not begin today: it stops today."""
        if self._step + 1 >= len(self._ladder) or self._since[1] == chart.day_text:
            return ""
        chart.prescribe(self._ladder[self._step], self.name, self._since, chart.day_text, "stopped")
        self._step += 1
        self._since = (chart.visit, chart.day_text)
        return f"Changed to {self.taken()}."

    def taken(self) -> str:
        """What is taken now, in words."""
        _, name, _, frequency, *_ = self._ladder[self._step].split("\t")
        return f"{name.lower()} {frequency}"

    def end(self, chart: Chart) -> None:
        """At the end of the chart: what is still taken stays active."""
        chart.prescribe(self._ladder[self._step], self.name, self._since, None, "active")

    def review(self, chart: Chart, years: float) -> str:
        raise NotImplementedError

    def _compared(self, value: float, text: str, steady: float) -> str:
        last, self.last = self.last, value
        if last is None:
            return text
        if abs(value - last) <= steady:
            return f"{text}, steady"
        return f"{text}, {'up' if value > last else 'down'} from {last:g}"


class Diabetes(Problem):
    """HbA1c drifts upwards and falls with each step of the medicine."""

    code, name, title = "44054006", "Type 2 diabetes", "Diabetes review"
    reason = "Regular check of blood sugar"
    ladders = (METFORMIN,)

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.level = rng.uniform(6.2, 9.2)
        self.creatinine_rise = rng.choice((0.0, 0.0, 1.5, 6.0))
        self.creatinine: float | None = None

    def review(self, chart: Chart, years: float) -> str:
        level = max(5.2, self.level + self.drift * years + 0.25 * chart.noise())
        shown = chart.observe(A.HBA1C, level)
        chart.observe(A.GLUCOSE, max(3.4, level * 1.55 - 2.6 + 0.7 * chart.noise()))
        words = [f"HbA1c {self._compared(float(shown), f'{shown} %', 0.15)}."]
        if chart.draw() < 0.35:
            words.append(self._kidneys(chart, years))
        if level > 8.0 and chart.draw() < 0.5 and (change := self.step_up(chart)):
            self.level -= 0.8
            words.append(change)
        return " ".join(words)

    def _kidneys(self, chart: Chart, years: float) -> str:
        female = chart.who.sex == "female"
        base = (62 if female else 82) + self.creatinine_rise * (years + 3)
        creatinine = max(38.0, base + 5 * chart.noise())
        shown, rate = chart.observe(A.CREATININE, creatinine, 0), egfr(creatinine, chart.age, female=female)
        return f"Creatinine {shown} umol/L, eGFR {chart.observe(A.EGFR, rate, 0)}."


class Hypertension(Problem):
    """Blood pressure, with potassium now and then."""

    code, name, title = "59621000", "High blood pressure", "Blood pressure review"
    reason = "Regular check of blood pressure"
    ladders = (AMLODIPINE, LOSARTAN)

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.level = rng.uniform(124, 152)

    def review(self, chart: Chart, years: float) -> str:
        systolic = self.level + 4 * self.drift * years + 8 * chart.noise()
        upper = chart.observe(A.SYSTOLIC, systolic, 0)
        lower = chart.observe(A.DIASTOLIC, systolic * 0.58 + 3 * chart.noise(), 0)
        words = [f"BP {upper}/{lower}."]
        if chart.draw() < 0.15:
            words.append(f"Potassium {chart.observe(A.POTASSIUM, 4.2 + 0.35 * chart.noise())} mmol/L.")
        if systolic > 150 and chart.draw() < 0.5 and (change := self.step_up(chart)):
            self.level -= 10
            words.append(change)
        return " ".join(words)


class Lipids(Problem):
    """Cholesterol in four parts that add up."""

    code, name, title = "55822004", "High cholesterol", "Cholesterol review"
    reason = "Regular check of cholesterol"
    ladders = (ATORVASTATIN,)

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.level = rng.uniform(2.0, 4.0)

    def review(self, chart: Chart, years: float) -> str:
        if self.last is not None and chart.draw() < 0.55:
            return ""
        shown = panel(chart, max(1.1, self.level + self.drift * 0.3 * years + 0.3 * chart.noise()))
        words = [f"LDL {self._compared(float(shown), f'{shown} mmol/L', 0.2)}."]
        if float(shown) > 3.4 and chart.draw() < 0.5 and (change := self.step_up(chart)):
            self.level -= 0.7
            words.append(change)
        return " ".join(words)


class Asthma(Problem):
    """Breathing, with no laboratory."""

    code, name, title = "195967001", "Asthma", "Asthma review"
    reason = "Regular check of breathing"
    ladders = (BUDESONIDE,)

    def review(self, chart: Chart, years: float) -> str:
        chart.observe(A.PULSE, 76 + 8 * chart.noise(), 0)
        if chart.draw() < 0.2:
            return f"Night cough this month. Wheeze on both sides. {self.step_up(chart)}".strip()
        return chart.rng.choice(("No night symptoms.", "Chest clear.", "Uses the reliever less than once a week."))


class Thyroid(Problem):
    """TSH that falls as the dose rises."""

    code, name, title = "40930008", "Underactive thyroid", "Thyroid review"
    reason = "Regular check of the thyroid"
    ladders = (LEVOTHYROXINE,)

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.level = rng.uniform(1.2, 7.5)

    def review(self, chart: Chart, years: float) -> str:
        tsh = max(0.1, self.level + 0.6 * chart.noise())
        shown = chart.observe(A.TSH, tsh, 2)
        words = f"TSH {self._compared(float(shown), f'{shown} mIU/L', 0.4)}."
        if tsh > 5 and (change := self.step_up(chart)):
            self.level -= 2.5
            return f"{words} {change}"
        return words


def panel(chart: Chart, ldl: float) -> str:
    """Cholesterol with its parts, LDL by Friedewald's sum; gives LDL as shown."""
    hdl, triglycerides = max(0.7, 1.35 + 0.25 * chart.noise()), max(0.5, 1.4 + 0.45 * chart.noise())
    chart.observe(A.CHOLESTEROL, ldl + hdl + triglycerides / 2.2)
    chart.observe(A.TRIGLYCERIDES, triglycerides)
    chart.observe(A.HDL, hdl)
    return chart.observe(A.LDL, ldl)


def egfr(creatinine: float, age: int, *, female: bool) -> float:
    """CKD-EPI 2021, mL/min/1.73 m2, from creatinine in umol/L."""
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine / 88.4 / kappa
    rate = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age
    return float(rate * 1.012 if female else rate)


SHARES: tuple[tuple[Callable[[Random], Problem], tuple[tuple[int, float], ...]], ...] = (
    (Diabetes, ((40, 0.02), (60, 0.14), (200, 0.28))),
    (Hypertension, ((40, 0.04), (60, 0.24), (200, 0.52))),
    (Lipids, ((40, 0.05), (60, 0.26), (200, 0.46))),
    (Asthma, ((12, 0.07), (200, 0.04))),
    (Thyroid, ((30, 0.005), (200, 0.025))),
)
MORE_DIABETES = {"indian": 1.7, "malay": 1.4}


def problems(rng: Random, age: int, community: str) -> list[Problem]:
    """The long-term problems of a person of this age."""
    found = []
    for problem, shares in SHARES:
        share = next(share for below, share in shares if age < below)
        if problem is Diabetes:
            share *= MORE_DIABETES.get(community, 1.0)
        if age >= 18 or problem is Asthma:
            drawn = rng.random()
            if drawn < share:
                found.append(problem(rng))
    return found
