"""The hub: repositories that are git, kept in the database, spoken to as the Hugging Face Hub.

A noun is a folder; what all of them stand on are files. Values come first, then pure functions on
them, then what touches rows; requests and answers are known to ``context``, ``http`` and ``api``.

api            the routes, one noun a file
http           how requests are read and answers written
context        what a handler is given: the hub, and who calls
types          who calls, what a repository is, what a path holds
names          names of accounts and repositories
texts          what people write into forms
errors         failures, with the codes that clients decide on
tables         the rows that every noun knows
schema         all rows of all nouns
access         may a caller do this with a repository: asked by every way in and out
access_table   who may do what at which stage, as one table
decision       the table, asked for a repository and for how somebody stands with it
lookup         a repository found by name or id
repositories   made, moved, opened, closed, deleted
redirects      names that repositories had
duplicating    a repository as a copy of another
paging         lists in pages, and the cursors between them
noting         what many requests note is written together, a little later
csv_rows       rows of tables that are no programs when they are opened
sizes          numbers of bytes, for people
signing        signed text that travels with a client
bearers        by whose right it was signed, and whether that still holds
git            objects, trees, commits and refs
git_http       fetch and push
large          large files
xet            large files as chunks
catalogue      what a repository is known by, and how it is found
tags           tags in use
releases       what a released model says of itself
lineage        which models came from which
lifecycle      releases that were superseded, taken back, or change their stage
scans          which files are safe to load
people         users, organisations, tokens
groups         resource groups, and everybody's role on a repository
teams          some of an organisation's members under a name
collaborators  people and teams with a role on one repository
sessions       signing in with a browser
oauth          signing in for other programs
gates          access to gated repositories
audit_log      who did what, chained so that nobody can rewrite it
download_log   who downloaded which file, where not everybody may
profiles       what accounts say of themselves
follows        who follows whom
likes          who likes what
collections    lists of repositories
discussions    discussions and pull requests
reports        what a model did that it should not, and what becomes of it
advisories     what those who hold a model should know
attachments    pictures and the like in comments
mail           letters by e-mail
notifications  who learns of what was said
webhooks       which programs learn of what happened
previews       files of rows as tables
spaces         secrets and variables of spaces
jobs           work that no request waits for
backups        the hub as a folder, and made anew out of it
garbage        what nothing refers to goes
fsck           the store proven whole, and repaired
holdings       who holds how many of the stored bytes
mirror         repositories of another hub
bundles        repositories as one signed file
"""
