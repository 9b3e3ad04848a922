"""Who learns what of discussions.

tables      what is watched, and what a user was told of
telling     an event of a discussion reaches everyone it concerns
inbox       what a user was told, as far as they may still see it
watching    which repositories and namespaces a user watches
"""
