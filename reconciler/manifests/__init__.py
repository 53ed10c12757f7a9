"""YAML text in, declared JWKs out, with ``file:line:column`` for everything that is wrong."""
