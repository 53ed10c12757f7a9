"""The door: argv → options → the straight way → exit code. The only room that prints or exits."""
