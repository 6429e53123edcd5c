"""Delivery: the bus (a hint), the hub and its rooms, frames (bytes built once), the wire."""
