"""The crowd: how many streams everybody has, here and everywhere."""
