"""What an operator's machines ask."""
