"""Work that no request waits for: one durable queue in the database.

tables     a job's row and the periodic work's next turns
queue      jobs are put in
handlers   which function does which kind of job
"""
