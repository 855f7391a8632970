"""Requests for jobs: the names of the jobs, how they travel, and the queue that hands them to workers."""

from seggraph.enqueue.queue import Job, JobQueue, decode, encode, queue_name, wake_name

__all__ = ["Job", "JobQueue", "decode", "encode", "queue_name", "wake_name"]
