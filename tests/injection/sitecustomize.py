"""Python loads this at the start of every process that the tests start: it is on PYTHONPATH."""

import inject

inject.begin()
