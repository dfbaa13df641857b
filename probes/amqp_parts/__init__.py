"""Parts of the kind ``amqp``."""
