"""Tables and arrays: what their columns mean, and the models for them."""
