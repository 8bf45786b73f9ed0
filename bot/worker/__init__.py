"""The worker: what has to happen without anybody asking (docs/worker.md).

A process of its own, `python -m bot.worker`: `jobs` says what and how often, `rounds` runs it,
`only_one` sees to it that of several workers one acts.
"""
