"""The clustering predictor: which behavioural cluster a user belongs to, over the Open Inference Protocol."""
