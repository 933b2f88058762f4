"""The one door: guarded chat, moderation, embeddings, clustering and feedback over gRPC."""
