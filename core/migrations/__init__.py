"""The schema, step by step (Alembic).

May import sealing and what it stands on; only install imports it.
"""
