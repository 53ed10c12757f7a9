"""What CI systems get beside the text for people: their own commands, as lines of text."""
