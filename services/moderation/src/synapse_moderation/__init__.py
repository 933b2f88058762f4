"""The moderation predictor: fine-tuned BERT behind the Open Inference Protocol."""
