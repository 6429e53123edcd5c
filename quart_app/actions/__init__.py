"""The use cases, one function each, usable without HTTP: load, decide, append, announce."""
