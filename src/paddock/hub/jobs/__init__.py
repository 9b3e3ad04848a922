"""Work that no request waits for: one durable queue in the database.

tables     a job's row, and when periodic work is next due
queue      jobs are put in
handlers   which function does which kind of job
backoff    how long a job that failed waits
leases     jobs are taken, kept, finished, and taken from workers that died
schedules  periodic work becomes a job, once for all servers
attempts   one attempt at a job, and how it ended
worker     takes jobs and runs them in threads, until it is stopped
stopping   how a long job learns that its worker stops
listing    what is in the queue; jobs retried and cancelled by a person
figures    the same for Prometheus
sweeping   old rows of finished jobs go
"""
