"""What anybody sees: view models, fragments, pages, the snapshot. Jinja, but neither Quart nor a request."""
