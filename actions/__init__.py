"""What the dialogue does: rasa-sdk custom actions, one subject a file.

They decide and read through `bot.services`, and answer with response names and typed values; the
sentences are made in Rasa's process (`bot.answers`).
"""
