"""The page on which a model that this hub serves is tried: chat and completion.

routes    the routes of these pages
page      the page, with what to do where the model is not served
standing  whether the model is served, and to whom
sent      what its form sends, as a request of ``/v1``
asking    an answer for a browser without scripts
"""
