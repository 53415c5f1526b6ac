"""Values that the database holds only encrypted or hashed.

May import stores and what stores stand on.
"""
