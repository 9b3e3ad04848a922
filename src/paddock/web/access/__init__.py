"""Who may have the files of a repository: asking for it, and deciding about it.

routes     all routes of these pages
asking     the page on which a person asks
stage      how open the repository is now, and what was announced
requests   the Access tab: how everybody stands, decided one by one or many at once
inviting   somebody let in by name, or many by a table
rules      who is let in by country or domain
terms      who accepted which terms
downloads  who downloaded what
"""
