"""The shapes in which a reply says what happened on the gateways: pure, one function each.

A shape turns the environments' results into members of the answer's body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PODS = 2
"""Gateway pods per environment, in the shape that goes down to pods."""


@dataclass(frozen=True, slots=True)
class Result:
    """What happened in one environment."""

    environment: str
    success: bool
    message: str


Results = tuple[Result, ...]
Members = dict[str, Any]


def results(environments: Iterable[str], failing: frozenset[str]) -> Results:
    """The results of one deployment to all environments, of which some fail."""
    return tuple(
        Result(name, False, f"Could not reach the gateways of {name}")
        if name in failing
        else Result(name, True, "Deployed")
        for name in environments
    )


def members(shape: str, outcome: Results) -> Members:
    """The members an answer's body gets in a shape of ``SHAPES``."""
    return SHAPES[shape](outcome)


def _succeeded(outcome: Results) -> bool:
    return all(result.success for result in outcome)


def _failed(outcome: Results) -> list[str]:
    return [result.environment for result in outcome if not result.success]


def _summary(outcome: Results) -> str:
    failed = _failed(outcome)
    return f"Deployment failed on: {', '.join(failed)}" if failed else ""


def _flat(outcome: Results) -> list[Members]:
    return [
        {"environmentName": item.environment, "success": item.success, "message": item.message}
        for item in outcome
    ]


def _environment_results(outcome: Results) -> Members:
    return {
        "deploymentResult": {
            "success": _succeeded(outcome),
            "message": _summary(outcome),
            "environmentResults": _flat(outcome),
        }
    }


def _deployment_results(outcome: Results) -> Members:
    return {
        "deploymentResult": {"success": _succeeded(outcome), "deploymentResults": _flat(outcome)}
    }


def _node(success: bool, details: list[Members], **texts: str) -> Members:
    return {
        "envName": texts.get("env", ""),
        "podName": texts.get("pod", ""),
        "podIp": texts.get("ip", ""),
        "success": success,
        "detail": texts.get("detail", ""),
        "responseTime": 3,
        "detailList": details,
        "firstFromApiResultList": details[0] if details else None,
    }


def _recursive(outcome: Results) -> Members:
    environments = [
        _node(
            item.success,
            [
                _node(
                    item.success,
                    [],
                    env=item.environment,
                    pod=f"gateway-{item.environment}-{pod}",
                    ip=f"10.0.{row}.{pod}",
                    detail=item.message,
                )
                for pod in range(PODS)
            ],
            env=item.environment,
        )
        for row, item in enumerate(outcome)
    ]
    return {"deploymentResult": _node(_succeeded(outcome), environments)}


def _success_only(outcome: Results) -> Members:
    return {"deploymentResult": {"success": _succeeded(outcome)}}


def _empty_detail_list(outcome: Results) -> Members:
    return {"deploymentResult": {"success": _succeeded(outcome), "detailList": []}}


def _deployed_environments(outcome: Results) -> Members:
    deployed = [result.environment for result in outcome if result.success]
    return {
        "deploymentResult": {
            "deployed": _succeeded(outcome),
            "deployedEnvironments": deployed,
            "failedEnvironments": _failed(outcome),
        }
    }


def _result_message(outcome: Results) -> Members:
    return {"resultMessage": f"JWK is saved. {_summary(outcome)}"} if _failed(outcome) else {}


SHAPES: Mapping[str, Callable[[Results], Members]] = {
    "environmentResults": _environment_results,
    "recursive": _recursive,
    "deploymentResults": _deployment_results,
    "success-only": _success_only,
    "empty-detail-list": _empty_detail_list,
    "null": lambda _: {"deploymentResult": None},
    "missing": lambda _: {},
    "deployed-environments": _deployed_environments,
    "result-message": _result_message,
}
"""Every shape by its name on the command line."""
