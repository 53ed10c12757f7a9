"""The gateway's HTTP API: its URLs, its replies, and what each reply means."""
