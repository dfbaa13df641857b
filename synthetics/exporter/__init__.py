"""``/probe`` as blackbox_exporter answers it, from its own module file."""
