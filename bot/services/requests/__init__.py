"""What patients ask of appointments: made, given wishes, taken back, settled.

`making` and `wishes` are called by the actions, `settling` by the import and by whoever resolves a
task. Nothing is imported here: the hand-offs call `settling`, and `making` calls the hand-offs.
"""
