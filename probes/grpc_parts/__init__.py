"""The protocol of gRPC."""
