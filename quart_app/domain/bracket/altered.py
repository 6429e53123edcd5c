"""A frozen value with some of its fields changed, quickly: a fold makes several of every event."""

from __future__ import annotations

from typing import TypeVar

_Value = TypeVar("_Value")


def altered(value: _Value, **changes: object) -> _Value:
    """The value as ``dataclasses.replace`` would give it, for a dataclass with slots and without
    ``__post_init__``; about five times as fast.

    Raises TypeError for a field that it does not have.
    """
    new: _Value = object.__new__(type(value))
    names: tuple[str, ...] = type(value).__slots__  # type: ignore[attr-defined]
    if not changes.keys() <= set(names):
        raise TypeError(f"{type(value).__name__} has no field {', '.join(changes.keys() - set(names))}")
    for name in names:
        object.__setattr__(new, name, changes[name] if name in changes else getattr(value, name))
    return new
