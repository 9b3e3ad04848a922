"""Resource groups: some repositories of an organisation, with members and roles of their own.

tables   rows
roles    what role somebody has on a repository: their own, the organisation's, the group's
members  groups made, changed, filled with people and repositories
"""
