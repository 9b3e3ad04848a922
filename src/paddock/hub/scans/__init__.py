"""Which files of a repository are safe to load, found out in the background, and kept from others.

tables          rows
verdicts        what is known of a content, and what that means
scanner         the scanner: files in, what was found in each out
contents        which files the refs of a repository lead to
copies          a content as a file on disk
requests        asking for a scan
scanning        the jobs that look at files
comparing       the job that looks at the files of a revision together
progress        how far repositories were looked at
records         verdicts as rows
refusals        which contents of a repository are rejected
recording       what follows from a verdict
overrides       an administrator's word that a rejected file may be downloaded
allowing        what follows from that
leaving         whether the bytes of a file may leave for whoever asks
standing        the same of what is told of files
report          what was found in a revision, in the forms that people and clients read
"""
