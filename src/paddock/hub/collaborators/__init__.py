"""Collaborators: people and teams with a role on one repository, beside whose it is.

tables         rows
collaborators  who has which role, given and taken back
shared         the repositories on which a person is one
"""
