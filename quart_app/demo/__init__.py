"""A tournament that plays itself: ``script`` tells how it went, ``player`` plays it with the real actions."""
