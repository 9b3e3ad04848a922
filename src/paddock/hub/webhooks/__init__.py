"""Who is told when a repository changes.

tables    webhooks, what they watch, what was sent
events    a change, announced in the transaction that makes it
"""
