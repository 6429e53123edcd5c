"""The streams: a subscriber is a cursor into a log, with a view of it and a wire to one client."""
