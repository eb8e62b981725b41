# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.deprecated."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.deprecated import (
    audio_summary as audio_summary,
    histogram_summary as histogram_summary,
    image_summary as image_summary,
    merge_all_summaries as merge_all_summaries,
    merge_summary as merge_summary,
    scalar_summary as scalar_summary,
)

__getattr__ = _getter('contrib.deprecated')
