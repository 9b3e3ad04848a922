"""Images, videos and sounds that comments show.

tables      what was uploaded, and which comments use it
kinds       which files there may be, told by their first bytes
keeping     an upload becomes an attachment; which of them a comment uses; what nobody uses goes
reading     who may have one
"""
