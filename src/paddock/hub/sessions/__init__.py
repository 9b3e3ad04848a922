"""Signing in with a browser: sessions behind a cookie, and a bound on how often one may guess.

tables    rows
sessions  begun, found, ended
cookies   the cookie, and the proof that a request came from our own page
agents    what a browser calls itself, in words
listing   a user's sessions, and how the user ends them
confirming  once more who one is, before that is changed
by_passkey  signing in by a passkey
resetting  a new password by e-mail
sign_up  who makes accounts, as the settings say
joining   making an account of one's own
attempts  so many guesses in a window, then a pause
"""
