"""Assays: LOINC codes, the names people use, and what a change means.

`worse` is the direction in which a value gets worse (None where both can). `steady` is the relative change below which
two values count as stable. `molar_mass` is in g/mol, where mass and substance concentrations convert.
"""

from typing import NamedTuple


class Assay(NamedTuple):
    key: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    worse: str | None = None
    steady: float = 0.05
    molar_mass: float | None = None


ASSAYS: tuple[Assay, ...] = (
    Assay("hba1c", ("4548-4", "17856-6", "59261-8", "41995-2"), (
        "hba1c", "a1c", "hb a1c", "haemoglobin a1c", "glycated haemoglobin", "glycosylated haemoglobin",
        "haemoglobin a1c level", "glycohaemoglobin", "hgba1c", "hgb a1c"), "up", 0.03),
    Assay("haemoglobin", ("718-7", "20509-6"), ("haemoglobin", "hb", "hgb"), None),
    Assay("glucose", ("2339-0", "2345-7", "1558-6", "14749-6", "15074-8"), (
        "glucose", "blood sugar", "sugar", "plasma glucose", "blood glucose", "serum glucose"), "up", 0.05, 180.16),
    Assay("creatinine", ("38483-4", "2160-0", "14682-9"), ("creatinine", "serum creatinine", "scr"), "up", 0.08,
    113.12),
    Assay("egfr", ("33914-3", "62238-1", "98979-8", "48642-3", "77147-7", "88293-6", "50044-7"), (
        "egfr", "gfr", "estimated gfr", "estimated glomerular filtration rate", "glomerular filtration rate",
        "estimated glomerular filtration"), "down", 0.05),
    Assay("urea", ("6299-2", "3094-0", "22664-7", "14937-7"), (
        "urea", "urea nitrogen", "blood urea nitrogen", "bun", "blood urea"), "up", 0.08, 28.01),
    Assay("total cholesterol", ("2093-3", "14647-2"), (
        "total cholesterol", "cholesterol", "tc", "serum cholesterol", "cholesterol total"), "up", 0.05, 386.65),
    Assay("ldl", ("18262-6", "2089-1", "13457-7", "22748-8", "39469-2"), (
        "ldl", "ldl cholesterol", "ldl c", "ldlc", "low density lipoprotein", "low density lipoprotein cholesterol",
        "bad cholesterol"), "up", 0.05, 386.65),
    Assay("hdl", ("2085-9", "14646-4"), (
        "hdl", "hdl cholesterol", "hdl c", "hdlc", "high density lipoprotein", "high density lipoprotein cholesterol",
        "good cholesterol"), "down", 0.05, 386.65),
    Assay("triglycerides", ("2571-8", "14927-8"), ("triglyceride", "triglycerides", "tg", "trigs"), "up", 0.08, 885.7),
    Assay("sodium", ("2947-0", "2951-2"), ("sodium", "na", "serum sodium"), None, 0.02),
    Assay("potassium", ("6298-4", "2823-3"), ("potassium", "serum potassium", "k"), None, 0.04),
    Assay("chloride", ("2069-3", "2075-0"), ("chloride", "serum chloride"), None, 0.02),
    Assay("bicarbonate", ("1960-4", "1963-8"), ("bicarbonate", "hco3", "bicarb"), None),
    Assay("carbon dioxide", ("20565-8", "2028-9"), ("carbon dioxide", "co2", "total co2", "total carbon dioxide")),
    Assay("pco2", ("2019-8",), ("pco2", "paco2", "partial pressure of carbon dioxide",
    "carbon dioxide partial pressure")),
    Assay("po2", ("2703-7",), ("po2", "pao2", "partial pressure of oxygen", "oxygen partial pressure")),
    Assay("ph", ("2744-1",), ("ph", "arterial ph", "blood ph"), None, 0.005),
    Assay("fio2", ("19994-3",), ("fio2", "inspired oxygen", "oxygen inspired gas setting")),
    Assay("calcium", ("49765-1", "17861-6", "2000-8"), ("calcium", "serum calcium"), None, 0.04, 40.08),
    Assay("magnesium", ("19123-9", "2601-3"), ("magnesium", "serum magnesium"), None, 0.06, 24.305),
    Assay("phosphate", ("2777-1", "14879-1"), ("phosphate", "phosphorus", "serum phosphate"), None, 0.06, 30.97),
    Assay("urate", ("3084-1", "14933-6"), ("uric acid", "urate", "serum urate"), "up", 0.06, 168.11),
    Assay("bilirubin", ("1975-2", "14631-6"), ("bilirubin", "total bilirubin", "bilirubin total"), "up", 0.1, 584.66),
    Assay("albumin", ("1751-7",), ("albumin", "serum albumin"), "down"),
    Assay("globulin", ("10834-0",), ("globulin",)),
    Assay("protein", ("2885-2",), ("total protein", "protein", "serum protein")),
    Assay("alp", ("6768-6",), ("alp", "alkaline phosphatase", "alk phos"), "up", 0.1),
    Assay("alt", ("1742-6",), ("alt", "alanine aminotransferase", "alanine transaminase", "sgpt"), "up", 0.1),
    Assay("ast", ("1920-8",), ("ast", "aspartate aminotransferase", "aspartate transaminase", "sgot"), "up", 0.1),
    Assay("ggt", ("2324-2",), ("ggt", "gamma gt", "gamma glutamyl transferase"), "up", 0.1),
    Assay("ldh", ("14804-9", "2532-0"), ("ldh", "lactate dehydrogenase"), "up", 0.1),
    Assay("ck", ("2157-6",), ("ck", "creatine kinase", "cpk"), "up", 0.1),
    Assay("crp", ("1988-5", "30522-7"), ("crp", "c reactive protein"), "up", 0.1),
    Assay("procalcitonin", ("33959-8",), ("procalcitonin", "pct"), "up", 0.1),
    Assay("lactate", ("59032-3", "2524-7"), ("lactate", "lactic acid", "blood lactate"), "up", 0.1, 90.08),
    Assay("ferritin", ("2276-4",), ("ferritin", "serum ferritin"), None, 0.1),
    Assay("iron", ("2498-4",), ("iron", "serum iron"), None, 0.1, 55.845),
    Assay("tibc", ("2500-7",), ("tibc", "iron binding capacity", "total iron binding capacity"), None, 0.06, 55.845),
    Assay("iron saturation", ("2502-3",), ("iron saturation", "transferrin saturation", "tsat")),
    Assay("troponin", ("89579-7", "6598-7", "10839-9", "67151-1"), (
        "troponin", "troponin i", "troponin t", "cardiac troponin", "high sensitivity troponin", "hs troponin",
        "cardiac troponin i", "high sensitivity troponin i", "hs troponin i", "troponin i cardiac"), "up", 0.1),
    Assay("d-dimer", ("48065-7", "48066-5"), ("d dimer", "ddimer", "fibrin d dimer"), "up", 0.1),
    Assay("nt-probnp", ("33762-6",), ("nt probnp", "ntprobnp", "probnp", "nt pro bnp"), "up", 0.1),
    Assay("bnp", ("30934-4",), ("bnp", "brain natriuretic peptide"), "up", 0.1),
    Assay("pt", ("5902-2",), ("prothrombin time",), None),
    Assay("inr", ("6301-6", "34714-6"), ("inr", "international normalised ratio"), None),
    Assay("tsh", ("3016-3", "11580-8"), ("tsh", "thyroid stimulating hormone", "thyrotropin"), None, 0.1),
    Assay("free t4", ("3024-7",), ("free t4", "ft4", "free thyroxine"), None),
    Assay("psa", ("2857-1",), ("psa", "prostate specific antigen"), "up", 0.1),
    Assay("vitamin d", ("1989-3", "62292-8"), ("vitamin d", "25 hydroxyvitamin d", "25 oh vitamin d"), "down", 0.1),
    Assay("b12", ("2132-9",), ("b12", "vitamin b12", "serum b12", "cobalamin"), "down", 0.1),
    Assay("folate", ("2284-8",), ("folate", "serum folate"), "down", 0.1),
    Assay("acr", ("14959-1", "9318-7", "32294-1", "14958-3"), (
        "acr", "uacr", "albumin creatinine ratio", "urine albumin creatinine ratio", "microalbumin creatinine ratio",
        "urinary albumin creatinine ratio", "urine acr", "albumin to creatinine ratio", "microalbumin creatinine",
        "microalbumin to creatinine ratio", "urine albumin to creatinine ratio",
        "urinary albumin to creatinine ratio"), "up", 0.1),
    Assay("platelets", ("777-3", "26515-7"), ("platelet", "platelets", "plt", "platelet count", "thrombocytes",
    "thrombocyte")),
    Assay("pdw", ("32207-3",), ("pdw", "platelet distribution width")),
    Assay("mpv", ("32623-1",), ("mpv", "mean platelet volume", "platelet mean volume")),
    Assay("wbc", ("6690-2", "26464-8"), (
        "wbc", "wcc", "white cell", "white cells", "white cell count", "white blood cell", "white blood cells",
        "white blood cell count", "leukocyte", "leukocytes", "leucocyte", "leucocytes", "leukocyte count",
        "white count", "wbc count", "leukocytes count", "leucocyte count")),
    Assay("rbc", ("789-8", "26453-1"), (
        "rbc", "red cell", "red cells", "red cell count", "red blood cell", "red blood cells", "erythrocytes",
        "red blood cell count", "erythrocyte", "erythrocyte count", "rbc count")),
    Assay("haematocrit", ("4544-3", "20570-8"), ("haematocrit", "hct", "pcv", "packed cell volume")),
    Assay("mcv", ("787-2",), ("mcv", "mean corpuscular volume", "mean cell volume")),
    Assay("mch", ("785-6",), ("mch", "mean corpuscular haemoglobin", "mean cell haemoglobin")),
    Assay("mchc", ("786-4",), ("mchc", "mean corpuscular haemoglobin concentration")),
    Assay("rdw", ("21000-5", "788-0"), ("rdw", "red cell distribution width", "erythrocyte distribution width")),
    Assay("neutrophils", ("770-8", "751-8"), ("neutrophil", "neutrophils", "neutrophil count")),
    Assay("lymphocytes", ("736-9", "731-0"), ("lymphocyte", "lymphocytes", "lymphocyte count")),
    Assay("monocytes", ("5905-5", "742-7"), ("monocyte", "monocytes", "monocyte count")),
    Assay("eosinophils", ("713-8", "711-2"), ("eosinophil", "eosinophils", "eosinophil count")),
    Assay("basophils", ("706-2", "704-7"), ("basophil", "basophils", "basophil count")),
    Assay("systolic", ("8480-6",), (
        "systolic", "systolic blood pressure", "systolic bp", "sbp", "systolic pressure"), "up", 0.05),
    Assay("diastolic", ("8462-4",), (
        "diastolic", "diastolic blood pressure", "diastolic bp", "dbp", "diastolic pressure"), "up", 0.05),
    Assay("mean pressure", ("8478-0",), ("mean arterial pressure", "map", "mean blood pressure"), None, 0.05),
    Assay("blood pressure", ("85354-9", "55284-4", "35094-2"), ("blood pressure", "bp", "blood pressures"), "up", 0.05),
    Assay("heart rate", ("8867-4",), ("heart rate", "pulse", "hr", "pulse rate"), None, 0.06),
    Assay("respiratory rate", ("9279-1",), ("respiratory rate", "rr", "breathing rate", "respiration rate"), None,
    0.06),
    Assay("temperature", ("8310-5", "8331-1"), ("temperature", "body temperature", "temp"), None, 0.008),
    Assay("saturation", ("2708-6", "59408-5", "2713-6"), (
        "oxygen saturation", "spo2", "o2 saturation", "sats", "sao2", "o2 sats", "o2 sat", "oxygen saturations"),
        "down", 0.02),
    Assay("weight", ("29463-7", "3141-9"), ("weight", "body weight", "bodyweight", "weighed", "weighs", "weighing"),
    None, 0.02),
    Assay("height", ("8302-2",), ("height", "body height", "length"), None, 0.01),
    Assay("bmi", ("39156-5",), ("bmi", "body mass index"), None, 0.03),
    Assay("bmi percentile", ("59576-9",), ("bmi percentile", "body mass index percentile")),
    Assay("head circumference", ("9843-4",), (
        "head circumference", "occipital frontal circumference", "occipitofrontal circumference",
        "head occipital frontal circumference"), None, 0.01),
    Assay("pain", ("72514-3", "38208-5"), ("pain severity", "pain score", "pain", "pain rating"), "up", 0.05),
    Assay("phq-2", ("55758-7",), ("phq2", "phq 2", "patient health questionnaire 2"), "up"),
    Assay("phq-9", ("44261-6", "89204-2"), ("phq9", "phq 9", "patient health questionnaire 9", "phq9 for teens"), "up"),
    Assay("gad-7", ("70274-6",), ("gad7", "gad 7", "generalised anxiety disorder 7"), "up"),
    Assay("dast-10", ("82667-7",), ("dast10", "dast 10", "dast", "drug abuse screening test"), "up"),
    Assay("hark", ("76504-0",), ("hark",), "up"),
    Assay("audit-c", ("75626-2",), ("audit c",), "up"),
    Assay("morse", ("59460-6",), ("morse fall scale", "fall risk score", "morse fall score", "fall risk total"), "up"),
    Assay("mmse", ("72106-8",), ("mmse", "mini mental state examination", "mini mental state exam"), "down"),
    Assay("lvef", ("10230-1",), (
        "lvef", "ejection fraction", "left ventricular ejection fraction", "ef", "lv ejection fraction"), "down"),
    Assay("fev1/fvc", ("19926-5",), ("fev1 fvc", "fev1 fvc ratio", "fev1 to fvc ratio"), "down"),
    Assay("t-score", ("38265-5",), ("t score", "bone density", "dxa", "dexa", "bone mineral density", "dxa t score"),
    "down"),
    Assay("qaly", ("QALY",), ("qaly", "qalys", "quality adjusted life years"), None),
    Assay("daly", ("DALY",), ("daly", "dalys", "disability adjusted life years"), None),
    Assay("qols", ("QOLS",), ("qols", "quality of life score", "quality of life"), "down"),
)  # fmt: skip

# What a name may also stand for: "blood pressure" is borne out by a systolic and a diastolic result.
GROUPS: dict[str, frozenset[str]] = {
    "blood pressure": frozenset({"systolic", "diastolic", "mean pressure"}),
    "total cholesterol": frozenset({"total cholesterol"}),
    "lipids": frozenset({"total cholesterol", "ldl", "hdl", "triglycerides"}),
    "renal function": frozenset({"egfr", "creatinine", "urea"}),
    "liver function": frozenset({"alt", "ast", "alp", "bilirubin", "ggt", "albumin"}),
    "electrolytes": frozenset({"sodium", "potassium", "chloride", "bicarbonate", "carbon dioxide"}),
    "bicarbonate": frozenset({"carbon dioxide"}),
}
GROUP_NAMES: dict[str, tuple[str, ...]] = {
    "lipids": ("lipids", "lipid profile", "lipid panel"),
    "renal function": ("renal function", "kidney function"),
    "liver function": ("liver function", "liver enzymes", "liver enzyme", "liver function tests", "lfts"),
    "electrolytes": ("electrolytes",),
}
