"""What people call the common tests: a short name for staff, plain words for a reader of eleven, by LOINC code."""

from __future__ import annotations

import re

SHORT_CHARS_MAX = 120

NAMES: dict[str, tuple[str, str]] = {
    "8302-2": ("Height", "How tall you are"),
    "29463-7": ("Weight", "How much you weigh"),
    "39156-5": ("BMI", "Your weight compared with your height"),
    "59576-9": ("BMI percentile", "Your weight for your height, compared with other children"),
    "77606-2": ("Weight-for-length percentile", "Your baby's weight for length, compared with other babies"),
    "9843-4": ("Head circumference", "Distance around your baby's head"),
    "8480-6": ("Blood pressure, systolic", "Blood pressure when your heart beats"),
    "8462-4": ("Blood pressure, diastolic", "Blood pressure when your heart rests between beats"),
    "8478-0": ("Blood pressure, mean", "Average blood pressure"),
    "8867-4": ("Heart rate", "How many times your heart beats in a minute"),
    "9279-1": ("Breathing rate", "How many breaths you take in a minute"),
    "8310-5": ("Temperature", "How warm your body is"),
    "2708-6": ("Oxygen saturation", "How much oxygen your blood carries"),
    "2713-6": ("Oxygen saturation", "How much oxygen your blood carries"),
    "72514-3": ("Pain score", "How much pain you feel, from 0 to 10"),
    "38208-5": ("Pain score", "How much pain you feel, from 0 to 10"),
    "72166-2": ("Smoking status", "Whether you smoke"),
    "4548-4": ("HbA1c", "Average blood sugar over three months"),
    "2339-0": ("Glucose", "Sugar in your blood"),
    "2345-7": ("Glucose", "Sugar in your blood"),
    "15074-8": ("Glucose", "Sugar in your blood"),
    "14749-6": ("Glucose", "Sugar in your blood"),
    "38483-4": ("Creatinine", "How well your kidneys clean your blood"),
    "2160-0": ("Creatinine", "How well your kidneys clean your blood"),
    "14682-9": ("Creatinine", "How well your kidneys clean your blood"),
    "33914-3": ("eGFR", "How much blood your kidneys clean each minute"),
    "62238-1": ("eGFR", "How much blood your kidneys clean each minute"),
    "98979-8": ("eGFR", "How much blood your kidneys clean each minute"),
    "14959-1": ("Urine albumin/creatinine", "Protein that leaks through your kidneys"),
    "6299-2": ("Urea nitrogen", "Waste that your kidneys should clear"),
    "3094-0": ("Urea nitrogen", "Waste that your kidneys should clear"),
    "49765-1": ("Calcium", "Calcium in your blood, for bones and muscles"),
    "17861-6": ("Calcium", "Calcium in your blood, for bones and muscles"),
    "2947-0": ("Sodium", "Salt in your blood"),
    "2951-2": ("Sodium", "Salt in your blood"),
    "6298-4": ("Potassium", "Potassium in your blood, for heart and muscles"),
    "2823-3": ("Potassium", "Potassium in your blood, for heart and muscles"),
    "2069-3": ("Chloride", "Chloride in your blood, a part of salt"),
    "2075-0": ("Chloride", "Chloride in your blood, a part of salt"),
    "20565-8": ("Carbon dioxide", "Acid balance of your blood"),
    "2028-9": ("Carbon dioxide", "Acid balance of your blood"),
    "2093-3": ("Total cholesterol", "All the fat-like cholesterol in your blood"),
    "14647-2": ("Total cholesterol", "All the fat-like cholesterol in your blood"),
    "2571-8": ("Triglycerides", "Fat in your blood"),
    "14927-8": ("Triglycerides", "Fat in your blood"),
    "18262-6": ("LDL cholesterol", "The cholesterol that can block blood vessels"),
    "39469-2": ("LDL cholesterol", "The cholesterol that can block blood vessels"),
    "2085-9": ("HDL cholesterol", "The cholesterol that protects blood vessels"),
    "14646-4": ("HDL cholesterol", "The cholesterol that protects blood vessels"),
    "6690-2": ("White cell count", "Blood cells that fight germs"),
    "789-8": ("Red cell count", "Blood cells that carry oxygen"),
    "718-7": ("Haemoglobin", "The part of your blood that carries oxygen"),
    "4544-3": ("Haematocrit", "Share of your blood that is red cells"),
    "20570-8": ("Haematocrit", "Share of your blood that is red cells"),
    "787-2": ("MCV", "Size of your red blood cells"),
    "785-6": ("MCH", "Haemoglobin in each red blood cell"),
    "786-4": ("MCHC", "How full of haemoglobin your red cells are"),
    "21000-5": ("RDW", "How alike in size your red cells are"),
    "788-0": ("RDW", "How alike in size your red cells are"),
    "777-3": ("Platelets", "Blood cells that help a cut to stop bleeding"),
    "32207-3": ("Platelet distribution width", "How alike in size your platelets are"),
    "32623-1": ("Mean platelet volume", "Size of your platelets"),
    "2885-2": ("Total protein", "Protein in your blood"),
    "1751-7": ("Albumin", "A protein that your liver makes"),
    "10834-0": ("Globulin", "Proteins that help to fight germs"),
    "1975-2": ("Bilirubin, total", "A yellow waste that your liver clears"),
    "6768-6": ("Alkaline phosphatase", "A sign of how your liver and bones are"),
    "1742-6": ("ALT", "A sign of how your liver is"),
    "1920-8": ("AST", "A sign of how your liver is"),
    "2276-4": ("Ferritin", "Iron that your body keeps in store"),
    "2498-4": ("Iron", "Iron in your blood"),
    "2500-7": ("Iron binding capacity", "How much iron your blood could carry"),
    "2502-3": ("Iron saturation", "How much of your blood's iron carriers are full"),
    "3016-3": ("TSH", "Whether your thyroid works too fast or too slowly"),
    "1988-5": ("CRP", "A sign of inflammation"),
    "14804-9": ("LDH", "A sign of damaged cells"),
    "2157-6": ("Creatine kinase", "A sign of damaged muscle"),
    "89579-7": ("Troponin I", "A sign of damaged heart muscle"),
    "33762-6": ("NT-proBNP", "A sign of how hard your heart works"),
    "48065-7": ("D-dimer", "A sign of blood clots"),
    "6301-6": ("INR", "How long your blood takes to clot"),
    "5902-2": ("Prothrombin time", "How long your blood takes to clot"),
    "33959-8": ("Procalcitonin", "A sign of infection"),
    "19123-9": ("Magnesium", "Magnesium in your blood"),
    "2744-1": ("Arterial pH", "Acid balance of your blood"),
    "55758-7": ("PHQ-2", "Two questions about low mood"),
    "44261-6": ("PHQ-9", "Nine questions about low mood"),
    "89204-2": ("PHQ-9, teenagers", "Nine questions about low mood"),
    "70274-6": ("GAD-7", "Seven questions about worry"),
    "75626-2": ("AUDIT-C", "Three questions about alcohol"),
    "82667-7": ("DAST-10", "Ten questions about drugs"),
    "76504-0": ("HARK", "Four questions about safety at home"),
    "72106-8": ("MMSE", "Questions about memory and thinking"),
    "10230-1": ("Ejection fraction", "How much blood your heart pumps with each beat"),
    "19926-5": ("FEV1/FVC", "How fast you can breathe out"),
    "38265-5": ("Bone density T-score", "How strong your bones are"),
    "94531-1": ("COVID-19 test", "Whether the COVID-19 virus was found"),
    "QALY": ("QALY", "Years of life, counted by how healthy they were"),
    "DALY": ("DALY", "Healthy years lost to illness"),
    "QOLS": ("Quality of life", "How good your life feels"),
}

_BRACKETED = re.compile(r"\s*\[[^\]]*\].*$")


def short_name(code: str, name: str) -> str:
    """What staff call the test; an unknown one's own name without LOINC's bracketed details."""
    known = NAMES.get(code)
    if known is not None:
        return known[0]
    return shortened(_BRACKETED.sub("", name) or name)


def shortened(name: str) -> str:
    """The name, cut between words where it is too long; three dots say so."""
    if len(name) <= SHORT_CHARS_MAX:
        return name
    start, _space, _cut = name[: SHORT_CHARS_MAX - 1].rpartition(" ")
    return (start or name[: SHORT_CHARS_MAX - 1]) + "…"


def plain_name(code: str) -> str | None:
    """The test in plain words, if we have them."""
    known = NAMES.get(code)
    return known[1] if known is not None else None
