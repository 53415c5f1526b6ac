"""What pages draw, as SVG made on the server: number lines, trends, plots, an archive run, QR codes.

A drawing carries no style and says in a label what it shows. It may import core.web.filters and libraries.
"""
