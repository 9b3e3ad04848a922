"""Repositories made, and the Settings tab of one.

routes     all routes of these pages
making     a new repository
general    the Settings tab: who sees it, its gate, its name, its group, what it takes
collaborators  people and teams with a role on the repository alone
ending     a repository deleted
overrides  an administrator's word on files that a scan rejected
"""
