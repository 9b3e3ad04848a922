"""Pages of one's own account, and the ways in.

routes         all routes of these pages
signing_in     in, and out again
forgotten      a new password, by e-mail
confirming     once more who one is, before that is changed
joining        an account of one's own, and the terms
consent        allowing an application something
device         letting a waiting device in
profile        what an account says of itself, and its picture
emails         the address of mail, and the proof that it is read
invitations    links for others, by which they join
passkeys       keys in devices, and signing in with one
password       a new password
tokens         access tokens, each shown once
scopes_form    what a fine-grained token shall do, as a form says it
sessions       the browsers that are signed in
applications   what was allowed applications
notifications  what somebody is told of
own_access     access that was asked for
own_terms      terms that were accepted
identity       another name, or none any more: the account renamed and deleted
"""
