"""View models: what the templates show, as plain values.

Everything here depends on a tournament's state alone – not on the viewer, the clock or the event that caused
the rendering – so a streamed fragment and a fresh page are the same bytes.
"""
