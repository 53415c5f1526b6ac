"""The highest score of scales that are reported as "2 out of 10", by assay."""

SCALE_MAX: dict[str, float] = {
    "pain": 10, "phq-2": 6, "phq-9": 27, "gad-7": 21, "dast-10": 10, "audit-c": 12, "mmse": 30, "morse": 125, "hark": 4,
}  # fmt: skip
