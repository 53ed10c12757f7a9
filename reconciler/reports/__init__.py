"""Plan and outcomes as text of each format: one view, one escaper per output; never prints."""
