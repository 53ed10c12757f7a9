"""A stand-in for an Apinizer Manager on loopback: real HTTP, a real database, faults on demand.

Written from the vendor's documents alone and importing nothing of the rest of the package, so that
a mistake of the client can't agree with itself.

===================  ====================================================================
``server``           ``serve`` for the command line, ``running`` for programs and tests
``state``            the options of a server, and everything it holds
``app``              the routes
``middleware``       where every request is recorded and meets its faults
``fault_injection``  what each kind of fault does to a request
``faults``           which request meets which fault
``rules``            what an update does: pure, on immutable values
``store``            what the projects hold now, in SQLite
``proxies``          API proxies and their policies
``seed``             what they start with, from YAML
``decoding``         YAML and JSON as typed values
``auth``             tokens, permissions, logins
``request_log``      what was asked, and which updates were saved
``dialects``         how responses are worded
``deployment``       how responses report what happened on the gateways
``replies``          responses of a framework or a proxy
===================  ====================================================================
"""
