"""Trying a task before it runs, and saying in words what is wrong with one."""
