from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.outcome import Deployment, Environment
from reconciler.gateway.deployment import MAX_DEPTH, read_deployment, says_deployment_failed


def node(success: object = True, **members: object) -> dict[str, object]:
    """The recursive shape, with empty strings where it is unused."""
    return {
        "envName": "",
        "podName": "",
        "podIp": "",
        "success": success,
        "detail": "",
        "responseTime": 3,
        "detailList": [],
        "firstFromApiResultList": None,
        **members,
    }


PROD = Environment("prod", True)
TEST_FAILED = Environment("test", False, "no route")

SHAPES: dict[str, tuple[object, Deployment]] = {
    "environmentResults, all well": (
        {
            "success": True,
            "message": "done",
            "environmentResults": [{"environmentName": "prod", "success": True, "message": ""}],
        },
        Deployment(True, (PROD,), "done"),
    ),
    "environmentResults, one failed under an outer success": (
        {
            "success": True,
            "message": "done",
            "environmentResults": [
                {"environmentName": "prod", "success": True},
                {"environmentName": "test", "success": False, "message": "no route"},
            ],
        },
        Deployment(False, (PROD, TEST_FAILED), "done"),
    ),
    "names of environments, none failed": (
        {"deployedEnvironments": ["prod"], "failedEnvironments": []},
        Deployment(True, (PROD,)),
    ),
    "recursive, with an empty firstFromApiResultList": (
        node(envName="prod", firstFromApiResultList=[]),
        Deployment(True, (PROD,)),
    ),
    "recursive, with a list as firstFromApiResultList": (
        node(
            firstFromApiResultList=[
                node(envName="prod"),
                node(False, envName="test", detail="no route"),
            ]
        ),
        Deployment(False, (PROD, TEST_FAILED)),
    ),
    "recursive, with pods": (
        node(
            detailList=[
                node(
                    envName="prod",
                    detailList=[
                        node(envName="prod", podName="pod-1", podIp="10.0.0.1"),
                        node(podName="pod-2", detail="ok"),
                    ],
                )
            ]
        ),
        Deployment(
            True,
            (PROD, Environment("prod/pod-1", True), Environment("prod/pod-2", True, "ok")),
        ),
    ),
    "recursive, one pod failed under outer successes": (
        node(
            detailList=[
                node(envName="prod", detailList=[node(False, podName="pod-1", detail="down")])
            ]
        ),
        Deployment(False, (Environment("prod", False), Environment("prod/pod-1", False, "down"))),
    ),
    "recursive, failure in firstFromApiResultList": (
        node(firstFromApiResultList=node(False, envName="test", detail="no route")),
        Deployment(False, (TEST_FAILED,)),
    ),
    "recursive, the same environment twice": (
        node(
            detailList=[node(envName="test", detail="")],
            firstFromApiResultList=node(False, envName="test", detail="no route"),
        ),
        Deployment(False, (TEST_FAILED,)),
    ),
    "recursive, apimanager as an environment": (
        node(detailList=[node(envName="apimanager")]),
        Deployment(True, (Environment("apimanager", True),)),
    ),
    "deploymentResults": (
        {"success": True, "deploymentResults": [{"environmentName": "prod", "success": True}]},
        Deployment(True, (PROD,)),
    ),
    "deploymentResults, failed": (
        {
            "success": False,
            "deploymentResults": [
                {"environmentName": "test", "success": False, "message": "no route"}
            ],
        },
        Deployment(False, (TEST_FAILED,)),
    ),
    "success alone": ({"success": True}, Deployment(True)),
    "failure alone": ({"success": False}, Deployment(False)),
    "failure with an empty list": ({"success": False, "detailList": []}, Deployment(False)),
    "null": (None, Deployment(None)),
    "deployed and names": (
        {"deployed": True, "deployedEnvironments": ["prod"], "failedEnvironments": []},
        Deployment(True, (PROD,)),
    ),
    "deployed, yet a failed name": (
        {"deployed": True, "deployedEnvironments": ["prod"], "failedEnvironments": ["test"]},
        Deployment(False, (PROD, Environment("test", False))),
    ),
    "not deployed": (
        {"deployed": False, "deployedEnvironments": None, "failedEnvironments": None},
        Deployment(False),
    ),
    "shapes within each other": (
        {
            "success": True,
            "environmentResults": [
                {"environmentName": "prod", "success": True, "failedEnvironments": ["test"]}
            ],
        },
        Deployment(False, (Environment("prod", False), Environment("test", False))),
    ),
    "words of unnamed nodes": (
        {
            "success": False,
            "message": "one",
            "detailList": [
                {"success": False, "detail": "two"},
                {"success": False, "detail": "one"},
            ],
        },
        Deployment(False, (), "one · two"),
    ),
}


@pytest.mark.parametrize(("result", "expected"), SHAPES.values(), ids=SHAPES.keys())
def test_every_shape_has_one_meaning(result: object, expected: Deployment) -> None:
    assert read_deployment(result) == expected


DOUBTS: dict[str, object] = {
    "text": "success",
    "a list": [{"success": True}],
    "truth alone": True,
    "an empty object": {},
    "success as text": {"success": "true"},
    "success as null": {"success": None},
    "an environment without a verdict": {
        "success": True,
        "environmentResults": [{"environmentName": "prod"}],
    },
    "an environment that is no object": {"success": True, "environmentResults": ["prod"]},
    "environments that are no list": {"success": True, "environmentResults": "prod"},
    "environments without an outer verdict": {
        "environmentResults": [{"environmentName": "prod", "success": True}]
    },
    "a name that is no text": {"deployed": True, "deployedEnvironments": [5]},
    "two verdicts, one of them strange": {"success": True, "deployed": "?"},
}


@pytest.mark.parametrize("result", DOUBTS.values(), ids=DOUBTS.keys())
def test_what_cant_be_read_as_success_is_not_known_to_be_deployed(result: object) -> None:
    assert read_deployment(result).deployed is None


def test_an_environment_in_doubt_is_not_shown_as_deployed() -> None:
    deployment = read_deployment(DOUBTS["an environment without a verdict"])
    assert deployment.environments == (Environment("prod", None),)


def nested(depth: int, success: bool) -> dict[str, object]:
    innermost: dict[str, object] = {"success": success}
    for _ in range(depth):
        innermost = {"success": True, "detailList": [innermost]}
    return innermost


def test_nesting_is_followed_to_its_bound_only() -> None:
    assert read_deployment(nested(MAX_DEPTH - 1, success=True)).deployed is True
    assert read_deployment(nested(MAX_DEPTH - 1, success=False)).deployed is False
    assert read_deployment(nested(MAX_DEPTH, success=True)).deployed is None


def test_words_are_quoted() -> None:
    result = {"success": False, "message": "x" * 9999, "failedEnvironments": ["e" * 9999]}
    deployment = read_deployment(result)
    assert len(deployment.message) == len(deployment.environments[0].name) == 500


MESSAGES = {
    "JWK is updated but deployment failed!": True,
    "Failed to deploy to environment prod": True,
    "Could not be deployed": True,
    "Deployment error on test": True,
    "The key was not deployed": True,
    "Deployed with errors": True,
    "JWK is updated and deployed.": False,
    "JWK (name: a) is not found!": False,
    "Deployed to 2 environments without errors": False,
    "Deployed without any failures; no errors": False,
    "": False,
}


@pytest.mark.parametrize(("message", "expected"), MESSAGES.items())
def test_messages_about_failed_deployments(message: str, expected: bool) -> None:
    assert says_deployment_failed(message) is expected


def test_names_in_a_message_say_nothing() -> None:
    message = 'JWK (name: "deploy-error") is updated.'
    assert says_deployment_failed(message)
    assert not says_deployment_failed(message, ["P", "", "deploy-error"])
    assert says_deployment_failed("Deployment of failed.over failed", ["failed.over"])


members = ["success", "deployed", "environmentResults", "detailList", "firstFromApiResultList"]
members += ["envName", "podName", "message", "deployedEnvironments", "failedEnvironments"]
results = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(members), inner, max_size=5)
    ),
    max_leaves=25,
)


def failures(result: object) -> bool:
    if isinstance(result, list):
        return any(failures(item) for item in result)
    return isinstance(result, dict) and (
        result.get("success") is False
        or result.get("deployed") is False
        or any(
            failures(value)
            for member, value in result.items()
            if member in {"environmentResults", "detailList", "firstFromApiResultList"}
            and not (member == "firstFromApiResultList" and isinstance(value, list))
            and not (isinstance(value, list) and any(isinstance(item, list) for item in value))
        )
    )


@given(results)
def test_a_nested_failure_is_never_deployed_and_nothing_crashes(result: object) -> None:
    deployment = read_deployment(result)
    if isinstance(result, dict) and failures(result):
        assert deployment.deployed is False
    if deployment.deployed is True:
        assert all(environment.deployed for environment in deployment.environments)
