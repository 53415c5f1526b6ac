"""Reads: each returns a frozen dataclass, the same from any store.

May import audit and what audit stands on, services and interchange beside it.
"""
