"""Where a training runs: on this machine, as a TrainJob of Kubeflow Trainer, or as a SageMaker training job."""
