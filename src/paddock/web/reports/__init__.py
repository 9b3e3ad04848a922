"""Pages of reports and advisories, and replays. All of it but prefilling works without a script.

routes          all routes of these pages
listing         a repository's reports
report_form     what somebody fills in, before it is sent
filing          a new report
page            one report, as its visitor may see it
deciding        messages and decisions
case_page       a report as a case
replaying       the served model asked the same again
replay_routes   the button for that, and its API
advisories      advisories of a repository, published and withdrawn
advisory_form   what an advisory is to say, before it is sent
feed            advisories for feed readers
fixed           which reports a revision fixed
own             one's own reports, and what one was told
"""
