"""Git as rows: objects, trees, commits and refs, whose ids are those that git gives.

objects         one git object: made, written, read
trees           what a tree object lists
commit_objects  what a commit or a tag object says
refs            branches and tags: found, made, moved
moved           what follows when refs have moved
commits         a branch, its objects and its index move together
operations      what a commit does to paths, and which paths are allowed
staging         operations applied to a tree
files           files and folders at a path of a revision
reachability    which objects some roots lead to
rewriting       a history without some of its blobs
history         which commits a revision has, and which of them touched a path
path_history    what one path was at each commit, and which changed it
blame           which commit wrote which line
renames         which of the files that went a new one was, as git finds it
renaming        the same, asked of two trees of a repository
index           a revision's files as one sorted list
recent_trees    the trees that were read last
recent_roots    which tree a commit names, remembered
recent_touches  which commits touched which paths, remembered
patterns        how git matches paths
attributes      which files git should hold as pointers
ignores         which files are left out
"""
