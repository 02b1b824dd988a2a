"""Texts, character by character, and the models for them."""
