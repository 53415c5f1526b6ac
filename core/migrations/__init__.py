"""The steps that bring a database's schema up to date (Alembic).

May import sealing and what it stands on; only install imports it.
"""
