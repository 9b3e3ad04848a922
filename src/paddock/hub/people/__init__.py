"""Users, organisations, and how they prove who they are.

accounts     users, organisations, who belongs to which with what role
members      the members of an organisation, as its admins change them
service_accounts  programs of an organisation, which have tokens and no password
tokens       access tokens
scopes       what a fine-grained token may do, and where
reach        which repositories and namespaces that covers
permissions  what an address asks of a fine-grained token
tables       rows of how people prove who they are
emails       which addresses of mail are kept
proving      addresses that somebody proves to read
invitations  links by which somebody makes an account, or joins an organisation
mail_links   links that are sent by e-mail
alarms       letters about changes that a thief would make
passkeys     keys in people's devices
passwords    how passwords are kept
first_admin  the first account of a new hub
leaving      accounts that get another name, and accounts that go
disabling    what administrators do to people: turned off, made administrators, signed out
kept_names   names that nobody may take
"""
