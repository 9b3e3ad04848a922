"""The tab "Audit": what was measured, how sure it is, and how it compares.

page       the routes
measured   the results of a revision, wherever they stand
comparing  the same evaluations of other models and of the release before
samples    the single answers behind a result
"""
