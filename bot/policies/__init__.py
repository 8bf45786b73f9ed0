"""Rasa policies of our own: the gate."""
