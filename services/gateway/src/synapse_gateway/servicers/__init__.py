"""The gRPC side: protobuf messages to exchanges and back."""
