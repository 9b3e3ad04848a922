"""Users, organisations, and how they prove who they are.

accounts     users, organisations, who belongs to which with what role
members      the members of an organisation, as its admins change them
tokens       access tokens
scopes       what a fine-grained token may do, and where
reach        which repositories and namespaces that covers
permissions  what an address asks of a fine-grained token
emails       which addresses of mail are kept
passwords    how passwords are kept
first_admin  the first account of a new hub
leaving      accounts that get another name, and accounts that go
kept_names   names that nobody may take
"""
