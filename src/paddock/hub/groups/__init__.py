"""Resource groups: some repositories of an organisation, with members and roles of their own.

tables        rows
roles         what role somebody has on a repository: their own, the organisation's, the group's
groups        made, found, changed
members       the people in one
repositories  the repositories in one
"""
