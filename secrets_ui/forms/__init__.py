"""What people type, checked before anything is sent. No form ever shows a value again."""

from .connection import ConnectionForm
from .fields import split_ids
from .secrets import SecretEditForm, SecretForm, TypedNameForm, VersionForm

__all__ = [
    "ConnectionForm",
    "SecretEditForm",
    "SecretForm",
    "TypedNameForm",
    "VersionForm",
    "split_ids",
]
