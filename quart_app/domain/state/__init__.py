"""A tournament at one point of its log, as values that never change and share what stayed the same."""
