"""How messages come in and go out: the door for every channel, and the channels."""
