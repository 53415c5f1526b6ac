"""Reads: each returns frozen dataclasses, the same from every store.

May import audit and what audit stands on, services and interchange beside it.
"""
