"""The command line: arguments, environment, console, exit codes. Only this package prints."""
