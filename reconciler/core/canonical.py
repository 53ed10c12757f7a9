"""The one JSON form of changes, steps and refusals: for the plan's digest and for the plan JSON.

Where in the manifests a thing was declared is left out: it does not change what is sent.
"""

from __future__ import annotations

from reconciler.core.plan import Change, JwkFields, Refusal, Step

Document = dict[str, object]
"""A JSON object, made of what ``json`` can write."""


def fields_document(fields: JwkFields) -> Document:
    """The body of a PUT: ``name`` and ``description``, the latter possibly null."""
    return {"name": fields.name, "description": fields.description}


def change_document(change: Change) -> Document:
    """A change without its ``source``; ``previousName`` is null where the name stays."""
    return {
        "project": change.project,
        "name": change.name,
        "previousName": change.previous_name,
        "actions": [action.value for action in change.actions],
        "id": change.id,
        "kid": change.kid,
        "before": fields_document(change.before),
        "after": fields_document(change.after),
        "effects": [effect.value for effect in change.effects],
    }


def step_document(step: Step) -> Document:
    """One PUT, with the change it belongs to."""
    return {
        "project": step.project,
        "jwk": step.jwk,
        "body": fields_document(step.body),
        "change": step.change,
        "temporary": step.temporary,
    }


def refusal_document(refusal: Refusal) -> Document:
    """A refusal without its ``source``; ``name`` is null where it is about the whole project."""
    return {
        "code": refusal.code.value,
        "project": refusal.project,
        "name": refusal.name,
        "message": refusal.message,
        "hint": refusal.hint,
    }
