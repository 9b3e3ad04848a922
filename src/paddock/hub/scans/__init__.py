"""Which files of a repository are safe to load, found out in the background.

tables          rows
verdicts        what a file's own bytes say, by our own readers; nothing in it is run
requests        asking for a scan
scanning        the job that looks at the files of main, and what it found
"""
