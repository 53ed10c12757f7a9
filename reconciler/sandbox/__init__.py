"""A state-in for an Apinizer Manager on loopback: real HTTP, a real database, outages on demand.

Written from the vendor's documents alone and importing nothing of the rest of the package, so that
a mistake of the client can't agree with itself.

=============  ====================================================================
``server``     ``serve`` for the command line, ``running`` for programs and tests
``state``      the options of a server, and everything it holds
``app``        the routes
``gate``       where every request is recorded and meets its faults
``outages``    what each kind of fault does on the wire
``faults``     which request meets which fault
``rules``      what an update does: pure, on immutable values
``store``      what the projects hold now, in SQLite
``seed``       what they start with, from YAML
``reading``    how YAML and JSON are checked
``access``     tokens, permissions, logins
``journal``    what was asked
``dialects``   how answers are worded
``deployment`` how answers tell what happened on the gateways
``replies``    answers in the words of a framework or a proxy
=============  ====================================================================
"""
