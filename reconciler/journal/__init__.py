"""The updates a run sent and the deployments still pending, in a file that survives being killed.

One JSON object per line, appended and forced to disk: a header with the gateway, then one line
before each update and one after its response, and one more where reading back showed otherwise. A
key that was sent but never reported as deployed may still be served by some gateway as it was
before, though no list shows it.
"""
