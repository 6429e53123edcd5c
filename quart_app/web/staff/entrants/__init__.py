"""Lists of participants as people paste them: read as they are meant, and shown as they were read."""
