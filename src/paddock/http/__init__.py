"""HTTP as every server of ours speaks it, whatever it serves: the hub and the models alike.

protocol     the wire: bounds on a request's head, and on how long a client may dawdle
frame        what every request gets: an id, bounds on its body, figures, a line in the log
bodies       how much of a body is taken: of one, and of all that are in hand
direct_bodies  a large body, from the socket into our buffers
application  an application of routes, open to pages of other sites
switchboard  which of many routes answers, found at once
failures     what goes wrong before a handler, or where none of ours foresaw it
"""
