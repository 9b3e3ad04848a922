"""``/v1`` on the hub itself: models of its own repositories, for its own users.

mount      puts the API before the hub's routes, or says why it is not there
gate       who gets in: a token of the hub, or a page of it
catalogue  which repositories are served, and to whom
source     a revision's files as a folder
"""
