"""Sets up the servers: schema, roles, rights, linked tables, and Redis users.

May import everything in core but web; nothing in core imports it.
"""
