"""The tab "Lineage": which models one came from, and which stand on it.

page  the routes
"""
