"""The way from a transaction to a worker: the outbox, and a safe account of what went wrong there.

May import stores and what stores stand on.
"""
