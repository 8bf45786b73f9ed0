"""Pure rules of the pathway: referral states, next steps, waiting clocks, what an answer says.

Called by `services`; imports nothing but the standard library and reads no clock: `now` is
always an argument. Start with `facts` (the input), then `next_step`, then `answers`.
"""
