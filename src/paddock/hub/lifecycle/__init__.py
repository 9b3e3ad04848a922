"""What happened to the releases of a repository: signed events, read, shown and kept to.

tables    the rows
requests  asking for a look at the events
reading   the branch of events, and which of them count
releases  which releases the refs lead to, and whose keys signed them
standing  what is told of a revision
revoked   weights that only writers may have
stages    stages that begin when they were announced to
"""
