"""The database itself: connections, transactions, and the schema's version."""
