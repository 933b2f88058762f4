"""A local OpenAI-compatible server for one machine: chat by retrieval, embeddings by a bundled model."""
