"""Who was let in to a gated repository, who asks to be, and what they have to say for it.

tables          which terms bind, who accepted which, and rules
forms           what a card asks of those who ask, and their answers checked
countries       which countries there are
terms           the texts that a gate binds people to, read from main
acceptances     terms accepted, and the history of it
owing           who has not accepted the terms that bind now
rules           who is let in by country or by domain
standing        how somebody stands at a moment: an access that has ended is none
refusing        what is told whom a gate keeps out
asking          a user asks, accepts, and is answered
requests        asked, withdrawn, accepted, rejected, granted, renewed
appeals         a rejection looked at again
deciding        many decided at once
importing       many let in by a table of names
own             a user's own requests
news            who is told of what
response        how soon an answer is promised, and comes
retaining       answers forgotten when their time is over
lists           who stands how, in pages
report          the same as a file
evidence        acceptances as a file
"""
