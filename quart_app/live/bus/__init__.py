"""The bus between workers: a hint that a log has grown, never the truth. ``port`` says what one promises."""
