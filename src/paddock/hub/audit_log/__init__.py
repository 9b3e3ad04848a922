"""Who did what: an append-only log, chained by hashes, written in the transaction of each act.

tables       rows, which the database itself keeps from being changed
acts         what can be done, as a closed list of codes
acting       who acts: behind a request, a command or a job
entries      one entry as a value: its fields sealed one by one, its hash over the seals
noting       acts become entries when their transaction commits
downloads    what was downloaded, under which terms, folded by the hour
checkpoints  the head of the chain signed every hour, so that a rewritten end is found
judging      whether a chain is whole, whoever holds it; no database
verifying    the same for the rows of a hub, and for an exported file
rules        how long what is kept
reading      entries in pages and by filters
exporting    entries as lines of JSON, which can be verified elsewhere
erasing      what is personal goes, and the chain still holds
"""
