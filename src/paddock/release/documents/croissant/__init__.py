"""Data sets, described once: for Croissant, for the bills of materials, for California's page.

dataset      what an author says about a data set
record_sets  the fields of its files, from their first lines
render       the description as Croissant JSON-LD, 1.0 or 1.1 with RAI 1.0
"""
