"""The one HTTP layer, for the gateway and for code hosts: transport, TLS, retries, redaction."""
