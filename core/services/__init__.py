"""Writes: one function for each thing that a person does.

May import audit and what audit stands on, queries and interchange beside it.
"""
