"""What goes out and comes in: bodies read into shapes, stored pages, and every error's answer."""
