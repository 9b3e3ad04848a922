"""Pages of collections: lists of repositories that somebody put together.

routes   all routes of these pages
listing  which collections there are
one      a collection: shown, upvoted, deleted
editing  made, and changed
adding   a repository is put into a collection, from its own page
items    what is in one: added, moved, noted, removed
"""
