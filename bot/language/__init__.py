"""Languages: which one, which sentence, which date, which identifier. No database, no Rasa."""
