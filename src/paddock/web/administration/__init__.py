"""Pages for the site's administrators, and the log of a repository for its owners.

asking      only administrators get in
start       how the hub stands, in a few figures
people      users and organizations: found, told, made administrators, signed out
jobs        background work: what waits, what failed; retried and cancelled
storage     who holds how much, and may; quotas; files that were let through in spite of a scan
log         the audit log by filters, and as a file
of_repository  what was done to one repository
entries     entries of the log in words
routes      all of it, in the order of matching
"""
