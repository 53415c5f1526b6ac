"""The settings of one process, read once from its environment.

May import nothing else of core.
"""
