"""Plan + a way to write and to read back → outcomes. Decides nothing: every body is in the plan."""
