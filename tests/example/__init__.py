"""A hub with something of everything in it, made through the same doors as anybody's.

files     cards, tables, models and the like, small and believable
people    users and an organisation, as they would be on a hub of their own
content   repositories, releases, talk, requests: everything that a page shows
"""
