"""The OpenAPI description, its examples, and the page made of it."""
