"""What both portals share of Flask.

May import everything in core but install and migrations; nothing in core imports it.
"""
