"""The embeddings proxy: one gRPC contract in front of any OpenAI-compatible embeddings endpoint."""
