"""What happens to a release after it left, as signed events for publishers, holders and hosts.

event     one event, and the advisory it may carry
advisory  what holders should know and do
log       all events of a repository, chained and signed
standing  what a list of events comes to
"""
