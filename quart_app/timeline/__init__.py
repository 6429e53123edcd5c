"""The one present state that a worker has of a tournament: its log, folded, as far as it is known here."""
