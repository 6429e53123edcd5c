"""Matches, and the feeder graph that moves players from one to the next. It knows no format."""
