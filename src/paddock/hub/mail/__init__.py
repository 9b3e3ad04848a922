"""Letters by e-mail, to addresses that somebody proved to be theirs, and the proofs themselves.

tables   letters on their way
servers  the mail server, and in whose name letters go out
letters  what a letter says, and the message it becomes
posting  a letter is put into the queue, in the transaction of what it tells
sending  one message is handed to the server
jobs     the work behind the queue
"""
