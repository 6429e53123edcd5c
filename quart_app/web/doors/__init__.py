"""Who comes in, and how: the app's parts, callers and their rights, limits, the outer wall, proxies."""
