"""Units by kind. Each kind has a base unit; a unit's number is its size in that base. Spelled in lower case."""

# kind: {spelling: size in the base unit}. Base units are named in the comment where they are not the first entry.
UNITS: dict[str, dict[str, float]] = {
    "percent": {"%": 1, "percent": 1, "per cent": 1, "pct": 1, "percentage points": 1, "percentage point": 1},
    "mmol/mol": {"mmol/mol": 1},
    "mass concentration": {  # base g/L
        "g/l": 1, "g/dl": 10, "gm/dl": 10, "mg/dl": 0.01, "mg/l": 1e-3, "mg/ml": 1, "ug/ml": 1e-3, "ug/dl": 1e-5,
        "ug/l": 1e-6, "mcg/l": 1e-6, "mcg/dl": 1e-5, "mcg/ml": 1e-3, "ng/ml": 1e-6, "ng/l": 1e-9, "ng/dl": 1e-8,
        "pg/ml": 1e-9, "mg per dl": 0.01, "g per dl": 10, "g per l": 1, "mg per l": 1e-3,
        "milligrams per decilitre": 0.01, "milligrams per deciliter": 0.01, "grams per decilitre": 10,
        "grams per deciliter": 10, "grams per litre": 1, "grams per liter": 1,
    },
    "substance concentration": {  # base mmol/L
        "mmol/l": 1, "mmol per l": 1, "umol/l": 1e-3, "nmol/l": 1e-6, "pmol/l": 1e-9, "mol/l": 1000, "mm/l": 1,
        "millimoles per litre": 1, "millimoles per liter": 1, "micromol/l": 1e-3,
    },
    "charge concentration": {"meq/l": 1, "meq per l": 1},  # base mEq/L
    "enzyme activity": {  # base U/L
        "u/l": 1, "iu/l": 1, "units/l": 1, "miu/l": 1e-3, "mu/l": 1e-3, "ku/l": 1000, "units per litre": 1,
        "units per liter": 1, "iu/ml": 1000, "u/ml": 1000, "miu/ml": 1, "uiu/ml": 1e-3,
        "[iu]/l": 1, "m[iu]/l": 1e-3, "m[iu]/ml": 1, "u[iu]/ml": 1e-3, "[iu]/ml": 1000, "k[iu]/l": 1000,
    },
    "count concentration": {  # base 10^9/L
        "10*3/ul": 1, "10^3/ul": 1, "103/ul": 1, "x10^3/ul": 1, "x10*3/ul": 1, "x103/ul": 1, "x 10^3/ul": 1, "k/ul": 1,
        "x 103/ul": 1, "10*9/l": 1, "10^9/l": 1, "109/l": 1, "x10^9/l": 1, "x10*9/l": 1, "x109/l": 1, "x 10^9/l": 1,
        "x 109/l": 1, "x10e9/l": 1, "10e9/l": 1, "x10(9)/l": 1, "10*6/ul": 1000, "10^6/ul": 1000, "x10^6/ul": 1000,
        "x 10^6/ul": 1000, "x10*6/ul": 1000, "x106/ul": 1000, "106/ul": 1000, "x 106/ul": 1000, "m/ul": 1000,
        "10*12/l": 1000, "10^12/l": 1000, "x10^12/l": 1000, "x10*12/l": 1000, "x 10^12/l": 1000, "1012/l": 1000,
        "x1012/l": 1000, "x 1012/l": 1000, "thou/ul": 1, "/ul": 1e-3, "cells/ul": 1e-3, "/mm3": 1e-3, "cells/mm3": 1e-3,
        "thousand/ul": 1, "million/ul": 1000, "thousand per microlitre": 1, "million per microlitre": 1000,
        "thousand per microliter": 1, "million per microliter": 1000, "10*3/mm3": 1, "x10^3/mm3": 1,
    },
    "pressure": {"mmhg": 1, "mm[hg]": 1, "mm hg": 1, "mm of mercury": 1, "millimetres of mercury": 1,
                 "millimeters of mercury": 1, "kpa": 7.50062},
    "celsius": {"cel": 1, "°c": 1, "degc": 1, "deg c": 1, "celsius": 1, "degrees celsius": 1, "degree celsius": 1,
                "degrees c": 1, "° c": 1, "c": 1, "[degc]": 1},
    "fahrenheit": {"[degf]": 1, "degf": 1, "°f": 1, "deg f": 1, "fahrenheit": 1, "degrees fahrenheit": 1,
                   "degrees f": 1, "° f": 1, "f": 1},
    "degrees": {"degrees": 1, "degree": 1, "°": 1},
    "rate": {"/min": 1, "/minute": 1, "bpm": 1, "beats/min": 1, "beats/minute": 1, "beats per minute": 1,
             "beats a minute": 1, "breaths/min": 1, "breaths/minute": 1, "breaths per minute": 1, "per minute": 1,
             "breaths a minute": 1, "{beats}/min": 1, "{breaths}/min": 1, "per min": 1, "beats per min": 1,
             "breaths per min": 1},
    "mass": {"g": 1, "gm": 1, "gram": 1, "grams": 1, "kg": 1000, "kgs": 1000, "kilogram": 1000, "kilograms": 1000,
             "kilo": 1000, "kilos": 1000, "mg": 1e-3, "mgs": 1e-3, "milligram": 1e-3, "milligrams": 1e-3, "mcg": 1e-6,
             "ug": 1e-6, "microgram": 1e-6, "micrograms": 1e-6, "ng": 1e-9, "nanograms": 1e-9, "lb": 453.59237,
             "lbs": 453.59237, "[lb_av]": 453.59237, "pound": 453.59237, "pounds": 453.59237, "oz": 28.3495,
             "pg": 1e-12, "stone": 6350.29},
    "length": {"cm": 1, "m": 100, "mm": 0.1, "centimetre": 1, "centimetres": 1, "centimeter": 1, "centimeters": 1,
               "metre": 100, "metres": 100, "meter": 100, "meters": 100, "millimetres": 0.1, "millimeters": 0.1,
               "in": 2.54, "inch": 2.54, "inches": 2.54, "[in_i]": 2.54, "ft": 30.48, "feet": 30.48, "foot": 30.48},
    "body mass index": {"kg/m2": 1, "kg/m^2": 1, "kg per m2": 1, "kg/sqm": 1, "kg/m": 1},
    "clearance": {"ml/min/{1.73_m2}": 1, "ml/min/1.73m2": 1, "ml/min/1.73 m2": 1, "ml/min/1.73m^2": 1, "ml/min": 1,
                  "ml/min/1.73 m^2": 1, "ml/min/1.73": 1, "ml/min per 1.73 m2": 1, "ml/min per 1.73m2": 1,
                  "ml per minute": 1, "ml/minute": 1},
    "volume": {"ml": 1, "l": 1000, "litre": 1000, "litres": 1000, "liter": 1000, "liters": 1000, "millilitre": 1,
               "millilitres": 1, "milliliter": 1, "milliliters": 1, "dl": 100, "fl": 1e-12, "femtolitres": 1e-12,
               "femtoliters": 1e-12, "cc": 1},
    "mass per actuation": {"mg/actuat": 1, "mg/actuation": 1, "mcg/actuat": 1e-3, "mg/puff": 1, "mcg/puff": 1e-3,
                           "mg per actuation": 1, "mcg per actuation": 1e-3, "mg per puff": 1, "mg/spray": 1,
                           "mg per spray": 1, "mcg/actuation": 1e-3, "mcg per puff": 1e-3},
    "mass per hour": {"mg/hr": 1, "mg/h": 1, "mg/hour": 1, "mg per hour": 1, "mcg/hr": 1e-3, "mcg/h": 1e-3},
    "mass ratio": {"mg/g": 1, "ug/mg": 1, "mg/mmol": 8.84, "ug/g": 1e-3, "mcg/mg": 1},
    "saturation index": {"{t-score}": 1},
    "international units": {"unit": 1, "units": 1, "iu": 1, "unt": 1, "unt/ml": 1, "u": 1},
    "dose form": {"tablet": 1, "tablets": 1, "tab": 1, "tabs": 1, "capsule": 1, "capsules": 1, "cap": 1, "caps": 1,
                  "puff": 1, "puffs": 1, "drop": 1, "drops": 1, "spray": 1, "sprays": 1, "actuat": 1, "actuation": 1,
                  "actuations": 1, "patch": 1, "patches": 1, "sachet": 1, "sachets": 1},
    "time": {  # base days
        "second": 1 / 86400, "seconds": 1 / 86400, "sec": 1 / 86400, "secs": 1 / 86400, "s": 1 / 86400,
        "minute": 1 / 1440, "minutes": 1 / 1440, "min": 1 / 1440, "mins": 1 / 1440, "hour": 1 / 24, "hours": 1 / 24,
        "hr": 1 / 24, "hrs": 1 / 24, "h": 1 / 24, "day": 1, "days": 1, "d": 1, "night": 1, "nights": 1, "week": 7,
        "weeks": 7, "wk": 7, "wks": 7, "fortnight": 14, "fortnights": 14, "month": 30.4375, "months": 30.4375,
        "mth": 30.4375, "mths": 30.4375, "mo": 30.4375, "year": 365.25, "years": 365.25, "yr": 365.25, "yrs": 365.25,
        "decade": 3652.5, "decades": 3652.5, "a": 365.25, "y": 365.25,
    },
    "score": {"point": 1, "points": 1, "{score}": 1, "[ph]": 1, "{inr}": 1, "{#}": 1, "n/a": 1, "1": 1},
}  # fmt: skip

# Spellings that mean a unit in a row but are ordinary letters or words in a sentence.
NOT_IN_SENTENCES = {"a", "c", "f", "in", "1", "n/a", "m", "{score}", "[ph]", "{inr}", "{#}", "d", "y"}

# Kinds that say how a number is counted rather than what was measured: a bare number in the row carries the same.
UNITLESS_KINDS = {"score"}
