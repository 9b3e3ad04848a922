"""OAuth 2.0 and OpenID Connect: the hub as the place where people sign in for other programs.

tables      rows
scopes      what an application may ask for, and what that means here
apps        applications: who they are, and where people may be sent back to
grants      what a person allowed an application, and the tokens that follow from it
codes       authorization codes on their way back to an application
devices     a device waits while a person approves it in a browser
id_tokens   signed statements of who somebody is
failures    what these endpoints answer when they refuse
publishers  which jobs of a CI service may write to a repository
issuers     which ID tokens of CI services are genuine
exchange    tokens for jobs of a CI service
"""
