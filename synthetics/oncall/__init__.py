"""Who is on call, and what hours are open: pure maths on instants, no clock, file or socket."""
