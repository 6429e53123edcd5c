"""One program per kind of peer that sends it the events; all follow ``bench/publishing.py``."""
