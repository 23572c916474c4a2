"""From a training run to a bundle that the live side can run."""
