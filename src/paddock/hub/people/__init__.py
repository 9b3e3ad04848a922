"""Users, organisations, and how they prove who they are.

accounts        users, organisations, who belongs to which with what role
tokens          access tokens
passwords       how passwords are kept
first_admin     the first account of a new hub
"""
