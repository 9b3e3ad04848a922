"""Assembles the server: routes, errors, request ids, the sending path.

app               the application, put together once
server            the process that serves it
up                a hub for a person: first account, starter model
raw_path          routing sees the path as it was written on the wire
limits            how many requests a caller may send
sendfile          files from the disk to the socket
errors            failures as answers
error_page        a failure as a page
health            whether the server lives, and its figures
rendering         templates as answers
page_routes       routes of pages, which take turns at the processor
static_files      styles and scripts
browser           who visits a page, and the proof that a form is ours
lists             what is here: home, lists, search, people
repository        pages of one repository: its head, its card
cards             cards as HTML
released          what a release says of itself
audit             what was measured, and how it compares
plots             plots as SVG
ancestry          which models one came from, and which stand on it
files             folders and files, their history, changing them
discussions       talking: discussions and pull requests
reports           what models did that they should not, and advisories
social            likes, follows, watching, notifications
collections       lists of repositories that somebody put together
acting            who acts while a request is answered, for the audit log
administration    pages for the site's administrators
account           one's own account, and the ways in
access            who may have the files: asking, deciding
webhooks          a person's webhooks, and what was sent to them
viewer            rows of tables in a repository's files
playground        trying a model that is served
organisations     made, described, with members
settings          repositories made, and what their owners set
forms             what forms send, and what is said above them
serving           /v1: models of the hub's own repositories
"""
