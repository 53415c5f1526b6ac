"""PostgreSQL and Valkey from wheels, for development, demos and tests.

May import nothing else of core; nothing in core imports it.
"""
