"""What pages draw, as SVG made on the server: number lines, trends, plots, an archive run, QR codes.

A drawing has no style of its own, and its label says what it shows. May import core.web.filters and queries.
"""
