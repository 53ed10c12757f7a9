"""Plan and outcomes → text of each format; one escaper per sink; never prints, never decides."""
