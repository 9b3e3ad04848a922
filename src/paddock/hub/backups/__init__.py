"""A hub as a folder from which it can be made again, taken while it serves.

manifest      what a backup is, and the names of its files
fingerprints  tables as digests that do not depend on the order of rows
sqlite        an embedded database as one consistent file, and back
postgresql    a server's tables out of one snapshot, and back in one transaction
blobs         which blobs the rows name; copied, and checked on their way back
holding       no sweep deletes anything while a backup is taken
taking        one backup, whole or not there
restoring     a hub out of a backup, verified before it is one
errors        what can be wrong with either
"""
