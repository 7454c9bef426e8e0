"""From raw files to a model folder; the only place for torch, transformers and datasets."""
