"""The rooms: one for each tournament that somebody here watches, and the hub that keeps them."""
