"""How everything is written: load, decide, append, commit, announce; once, and told what came of it."""
