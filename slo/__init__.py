"""The maths of service level objectives, on integers and fractions, with no clock and no file."""
