"""`waymark bench`: how fast a running site is, as ratios within one run.

Machines differ and are noisy, so nothing here is a test. It talks to the demo site over loopback
only.
"""
