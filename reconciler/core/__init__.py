"""Values in, values out: no file, socket, clock, environment or randomness."""
