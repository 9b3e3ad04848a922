"""How requests are read and answers written; ``hub/api`` holds the routes themselves.

paths         addresses become values
queries       lists, flags and numbers in a query
paged         lists in pages: what part is asked for, and the way to the next
commit_body   the lines of a commit
committing    a commit made, on a branch or as a pull request
travelling    which files travel inside a commit, and which ahead of it
sent_files    files of a form as operations of a commit
receiving     a body, piece by piece
gzip_bodies   a body that may be compressed, into a file
byte_ranges   what a Range header asks for
sending       a file's bytes and the headers that belong to them
redirecting   a client is sent to the object store for them
parts         parts of a content, several fetched while one is sent
pieces        an answer that is made while it is sent
turns         work that takes turns at the processor
answers       answers in JSON
direct        routes without the cost of parsing what they do not need
identity      who somebody is, as OpenID Connect tells it
token_scopes  scopes of fine-grained tokens, as the Hub writes them
shown_tokens  access tokens as the API tells of them
counting      which requests are downloads
"""
