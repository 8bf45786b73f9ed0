"""Rasa graph components: identifiers, language, encoder, intent, red flags. No database here."""
