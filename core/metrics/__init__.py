"""What Prometheus is told: counts and times under names of a few known kinds, never whose, what or of which row.

May import nothing else of core.
"""
