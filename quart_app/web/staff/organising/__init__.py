"""What an organiser does with a tournament that is made: its draw, and whether it is played at all."""
