"""``/v1`` on the hub itself: models of its own repositories, for its own users.

mount      puts the API before the hub's routes, or says why it is not there
gate       who gets in: a token of the hub, or a page of it
offer      which models are served, as the settings say
catalogue  the repositories behind them, to those who may read them
trusting   whose releases are run
source     a revision's files as a folder
"""
