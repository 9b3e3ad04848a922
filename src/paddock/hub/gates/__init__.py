"""Who was let in to a gated repository, who asks to be, and what they have to say for it.

forms           what a card asks of those who ask, and their answers checked
countries       which countries there are
standing        how somebody stands at a moment: an access that has ended is none
asking          a user asks, and is answered
requests        asked, withdrawn, accepted, rejected, granted, renewed
deciding        many decided at once
own             a user's own requests
retaining       answers forgotten when their time is over
lists           who stands how, in pages
report          the same as a file
"""
