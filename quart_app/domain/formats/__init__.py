"""One module a format; each only *builds* a feeder graph, and ``bracket`` advances them all."""
