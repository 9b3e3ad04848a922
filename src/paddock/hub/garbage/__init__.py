"""The sweep: what nothing refers to any more goes, after a while, and nothing else.

graces          how long each kind of thing is kept
requests        asking for a repository's sweep
repositories    git objects and large files that no ref leads to
rows            files and xorbs that no repository holds
referrers       which columns of which tables name blobs
blobs           stored bytes that no row names
foreseeing      what all of that would remove
collecting      all of it in order: jobs, and what the command line runs
"""
