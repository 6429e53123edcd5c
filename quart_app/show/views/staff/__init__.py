"""View models of the staff's pages."""
