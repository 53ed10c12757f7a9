"""Short forms for declared and live JWKs, and the server's rules to run plans against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.core.model import DeclaredJwk, DeclaredProject, LiveJwk, LiveProject, SourceLocation
from reconciler.core.plan import Plan, Step
from reconciler.core.planner import make_plan
from reconciler.sandbox.rules import Failure, Jwk, apply_update

PLACE = SourceLocation("jwks.yaml", 7, 9)


def declare(
    name: str,
    *previous: str,
    kid: str | None = None,
    description: str | None = None,
    detach: bool = False,
) -> DeclaredJwk:
    return DeclaredJwk(name, PLACE, description, previous, kid, detach)


def key(
    name: str, kid: str | None = None, description: str | None = None, **more: str | None
) -> LiveJwk:
    fields = {"id": f"id-{name}", "type": "RSA", "source_type": "GENERATE"} | more
    return LiveJwk(name=name, kid=kid, description=description, **fields)


def plan_of(declared: Iterable[DeclaredJwk], live: Iterable[LiveJwk]) -> Plan:
    project = DeclaredProject("P", tuple(declared), PLACE)
    return make_plan("https://host/apiops", [project], {"P": LiveProject("P", tuple(live))})


def server_key(jwk: LiveJwk) -> Jwk:
    return Jwk(
        id=jwk.id or f"hidden-{jwk.name}",
        project_id="p",
        name=jwk.name,
        description=jwk.description,
        kid=jwk.kid,
        source_type=jwk.source_type or "GENERATE",
    )


def send(keys: tuple[Jwk, ...], step: Step) -> tuple[Jwk, ...]:
    """The server's list after a step, by the sandbox's rules; a conflict fails the test."""
    body = {"name": step.body.name, "description": step.body.description}
    outcome = apply_update(keys, step.jwk, body)
    assert not isinstance(outcome, Failure), f"{step}: {outcome}"
    return outcome


def states_of(keys: tuple[Jwk, ...], steps: Sequence[Step]) -> list[tuple[Jwk, ...]]:
    """The server's list before the first step and after each."""
    states = [keys]
    for step in steps:
        states.append(send(states[-1], step))
    return states


def listed(keys: Iterable[Jwk], *, ids: bool = True) -> tuple[LiveJwk, ...]:
    """What the gateway would list of the server's keys."""
    return tuple(
        LiveJwk(
            name=item.name,
            description=item.description,
            id=item.id if ids else None,
            source_type=item.source_type,
            type=item.type,
            kid=item.kid,
        )
        for item in keys
    )
