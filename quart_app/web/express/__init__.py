"""The express way past Quart, and what is done to Hypercorn: nothing else knows their insides."""
