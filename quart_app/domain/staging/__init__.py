"""A tournament's stages, as an organiser sets them."""
