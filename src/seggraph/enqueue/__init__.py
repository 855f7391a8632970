"""Requests for jobs: their names, their format, and the queue from which workers take them."""

from seggraph.enqueue.queue import Job, JobQueue, decode, encode, queue_name, wake_name

__all__ = ["Job", "JobQueue", "decode", "encode", "queue_name", "wake_name"]
