"""Waymark: where is my referral, who holds it, and what happens next."""
