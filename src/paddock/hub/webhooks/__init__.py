"""Who is told when a repository changes.

tables        webhooks, what they watch, what happened, what was sent
wanted        what may be asked of a webhook
hooks         webhooks as their owners keep them
events        a change, announced in the transaction that makes it
watchers      who watches a repository, and may know of it
deliveries    what is to be sent, when it is tried again, when it has failed
delivering    the jobs that send
payload       what is sent
signatures    how a receiver knows that we sent it
addresses     where nothing may be sent
sending       one delivery over HTTP
delivery_log  what the owner sees of it all
"""
