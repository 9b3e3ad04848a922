"""Whether a candidate may leave: what must be true, who says so, and what was waived.

policy         what a policy asks, from a file or built in for each stage (policies/)
statements     what a person signs
candidate      what stands before the gate
content_root   which bytes a statement is about
names          when two names are one person's
approvals      whose approvals count, and since when
waivers        which waivers count
preregistered  how much uplift was allowed beforehand
thresholds     results against bounds
audits         whose results they are, how old, and what is missing
requirements   what the policy asks of the other judges
decide         all of it together
release_file   release.yaml and its folder
inputs         what is read beside release.yaml
approving      a statement, signed and written
standing       who has said what so far
table          a decision for people
judging        the gate as the build meets it
"""
