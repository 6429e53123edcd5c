"""The staff's pages: signing in, making a tournament, scoring its matches."""
