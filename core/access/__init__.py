"""Who someone is and what that person may do: sign-ins, rights, ties of care, limits on guessing.

May import stores and what stores stand on.
"""
