"""The patient's page in a real browser."""
