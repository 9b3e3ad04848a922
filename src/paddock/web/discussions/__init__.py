"""Pages of discussions and pull requests. All of it works without a script.

routes         all routes of these pages
listing        a repository's discussions
opening        a new discussion, or the ways to a new pull request
thread         one discussion, with everything that happened in it
shown          an event as a page tells it
comment_html   a comment's HTML as it stands on a page
comment_form   what somebody writes, before it is sent
commenting     comments: written, looked at before they are sent, edited, hidden
acting         titles, pins, merging, deleting
proposal       what hinders a pull request from being merged
commands       commands for those who work on their own machines
changes        what a pull request changes: commits and files
large_changes  large files in a diff, by what their pointers say
"""
