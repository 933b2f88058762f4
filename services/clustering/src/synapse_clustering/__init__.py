"""The clustering predictor: K-means on user features behind the Open Inference Protocol."""
