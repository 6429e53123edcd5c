"""The streams over HTTP, and the tokens that open them."""
