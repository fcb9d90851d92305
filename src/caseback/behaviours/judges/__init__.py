"""Rule-based judges for replies in plain English: they say what they cannot tell rather than guess."""
