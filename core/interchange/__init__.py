"""Records in and out: Synthea, FHIR, generated ones.

May import audit and what audit stands on, queries and services beside it.
"""
