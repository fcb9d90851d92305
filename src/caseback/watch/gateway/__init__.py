"""The gateway: an OpenAI-compatible server in front of another one, which writes down what went."""
