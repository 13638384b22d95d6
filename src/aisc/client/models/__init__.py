"""What a centre answers, typed.

Money is integer cents (``*_cents``), durations are integer milliseconds (``*_ms``), times are aware
datetimes. Fields that a newer centre adds are ignored, so that an older client goes on working.
"""

from aisc.client.models.base import Cents, Model, Ref, uid_of

__all__ = ["Cents", "Model", "Ref", "uid_of"]
