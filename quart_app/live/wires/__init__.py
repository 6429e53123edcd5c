"""The wires: how a stream's bytes leave the program."""
