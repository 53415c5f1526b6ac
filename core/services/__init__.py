"""Writes: one function for each thing that a person does. One that adds, changes or removes observations calls
`refresh(session, patient_id, observation_ids=...)` of core/picture/upkeep.py in its transaction; one that keeps a visit
apart, `refresh_all`.

May import audit and what audit stands on, queries and interchange beside it.
"""
