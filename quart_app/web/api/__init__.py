"""The JSON API, a file a resource; ``describe`` tells the world of it."""
