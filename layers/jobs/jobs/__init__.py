"""Sortie's layer."""

import gc
import os

if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE"):
    gc.disable()  # until init ends: see jobs.kit.lambda_init
