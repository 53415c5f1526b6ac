"""Work that nobody waits for: the archive workflow, the report loop, alerts, the schedule.

May import core, but nothing of the web.
"""
