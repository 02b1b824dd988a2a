"""The networks on offer, made to fit the data."""
