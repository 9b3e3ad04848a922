"""Who learns what of discussions, of reports and of advisories.

tables       what is watched, and what a user was told of
telling      an event of a discussion reaches everyone it concerns
inbox        what a user was told, as far as they may still see it
unread       how much of it they have not read yet
muting       discussions of which they hear no more
notices      what a user was told beside discussions
maintainers  who keeps a repository, and is told of what waits for them
watching     which repositories and namespaces a user watches
"""
