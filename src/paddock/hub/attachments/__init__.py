"""Images, videos and sounds that comments show.

tables      what was uploaded, and which comments use it
kinds       which files there may be, told by their first bytes
keeping     uploads that became attachments, who may read them, and which comments show them
"""
