"""Likes, follows, watching, and what people are told of: small forms, and the pages of their lists.

routes     all routes of these pages
turning    a thing that is on or off for somebody, and where to go on after turning it
likes      liking a repository, who likes it, what one likes
following  following people, watching repositories, muting discussions
inbox      what somebody was told of
"""
