"""What may leave the primary, and where tests make a move fail.

May import stores and what stores stand on.
"""
