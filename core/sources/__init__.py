"""The rows that a report cites: their references, their fields, where they are now, and what is signed of them.

May import stores and what stores stand on.
"""
