"""Setting up the servers: schema, roles, rights, links, and users of Redis.

May import everything in core but web; nothing in core imports it.
"""
