"""A window in small: starts a run, tells the worker's number once a batch has come, reads on."""

import json
import sys

from lrgui.core.events import BatchEvent
from lrgui.runs.job import Job
from lrgui.runs.launch import ChildProcess

job, command = json.loads(sys.argv[1])
child = ChildProcess(Job.from_dict(job), command=command)
told = False
for chunk in child.chunks():
    if not told and any(isinstance(event, BatchEvent) for event in chunk):
        print(child.pid, flush=True)
        told = True
