"""Between store and maths: which samples count for which objective, and where each one stands."""
