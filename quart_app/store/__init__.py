"""SQL, and nothing else: the event log, tournaments, staff. Functions take a connection and never commit."""
