"""Detectors: what scores a transcript, whole or token by token, for a behaviour."""
