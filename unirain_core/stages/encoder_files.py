"""The files whose encoders params can name, a line for each; `encoders.py` looks into every module that is imported here."""

from unirain_core.standins.statistics import named_encoders
