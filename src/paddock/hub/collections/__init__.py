"""Collections: lists of repositories that somebody put together.

slugs           how a collection is addressed
collections     made, changed, ordered, deleted, upvoted
items           what is in one, in which order
listing         which collections there are
rendering       what the API tells of one
"""
