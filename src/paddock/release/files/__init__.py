"""What is on disk: found, read and copied while somebody may change it.

folder      what is really in a folder
reading     files read and digested while somebody may change them
replacing   files that take the place of others whole
copying     files copied and digested in one pass
paths       names of files in a release
formats     what a file is, and whether it may leave
attributes  which files git keeps as large files
manifest    release.json
weights_digest  one digest for all weights of an output
"""
