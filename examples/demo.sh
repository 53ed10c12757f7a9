#!/bin/sh
# validate → plan → apply → plan on the examples, against the embedded stand-in for a Manager.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
cp -R "$(dirname "$0")" "$scratch/examples"
cd "$scratch"   # the stand-in keeps its state in .reconciler/ of the current folder

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

run reconciler validate examples/manifests
run reconciler plan examples/manifests --sandbox examples/sandbox.yaml
run reconciler apply examples/manifests --sandbox examples/sandbox.yaml --auto-approve
run reconciler plan examples/manifests --sandbox examples/sandbox.yaml --detailed-exitcode
