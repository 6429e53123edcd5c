"""Who somebody is: tokens, passwords, sessions."""
