"""Collections: lists of repositories that somebody put together.

tables          rows
slugs           how a collection is addressed
reach           who sees one, who changes one
collections     made, changed, ordered, deleted, upvoted
order           of one owner's collections
items           what is in one, in which order
listing         which collections there are
rendering       what the API tells of one
"""
