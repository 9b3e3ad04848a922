"""Reports: what somebody saw a model do that it should not, and what becomes of it.

tables       rows
values       a report, what was asked, what happened, a replay
severity     how bad it is, by a published scale, and how soon something has to happen
states       which state follows which, and who may say so
evidence     what was asked and answered, bounded
rules        who may see a report, and who may do what with it
words        what happened, in a sentence
rows         found, listed, changed
events       what happens in a report, written and told to whom it concerns
filing       a new report
acts         what is decided about a report
joining      one report is another one again
alike        reports with the same prompt, joined by one decision
flood        thousands of reports in an hour
replays      what the served model said to the same
cases        a report as a test that the next release must pass
keeping      a case in the repository, by a commit or a pull request
of_person    the reports of one person
fixes        what a revision put right
rendering    all of it in the words of the API
"""
