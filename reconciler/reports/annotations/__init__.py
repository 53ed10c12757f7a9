"""What pipelines are told beside the text for people: their own commands, as lines of text."""
