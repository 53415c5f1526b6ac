"""Where a row lives and which store answers a read: the primary, the replica, an archive, Redis.

May import models, engines and settings.
"""
