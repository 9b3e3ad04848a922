"""Who downloaded which file of a repository that is not open to everybody, for its owners to read.

tables      rows
noting      what was downloaded, noted while it is sent and written a little later
paths       at which path of a revision a file is that was asked for by its hash
lists       what was noted, in pages and as a table
forgetting  rows go when they are older than the hub keeps them
"""
