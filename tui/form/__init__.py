"""The settings of a new run as a form, without a screen: rows, their texts, what they mean together. No Textual."""
