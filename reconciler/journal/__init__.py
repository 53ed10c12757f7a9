"""What a run wrote, and which deployments it still owes; a file that survives being killed.

One JSON object per line, appended and forced to disk: a header with the gateway, then per write a
line before it is sent and one after its answer, and one more where reading back told otherwise. A
key that was sent and never said to be deployed may still be served by some gateway as it was
before, though no list shows it.
"""
