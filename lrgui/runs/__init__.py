"""What happened: the event log, the child process that runs a job, the library of past runs."""
