"""What an organiser does with a tournament that is made: its draw, its people, and whether it is played."""
