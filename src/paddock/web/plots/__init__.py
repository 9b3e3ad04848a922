"""Plots, drawn on the server as SVG that a page's policy allows: no scripts, no styles in it.

scale      numbers to places on a line, and where its marks are
intervals  values with their intervals, one below the other
"""
