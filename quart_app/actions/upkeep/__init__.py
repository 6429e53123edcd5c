"""What keeps the service itself in order: backup and restore, the canary."""
