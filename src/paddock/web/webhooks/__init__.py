"""The pages of a person's webhooks: made, changed, switched off and on, deleted; what was sent.

routes   the routes of these pages
form     what a form says a webhook shall be
listing  all of somebody's webhooks, and a new one
one      one of them, and its deliveries
"""
