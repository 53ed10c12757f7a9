#!/bin/sh
# validate → plan, refused → plan → apply → plan on the examples, against the embedded stand-in for a Manager.
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

printf '\n# A script that knows only the old name of a key: its rename is refused.\n'
sed 's/environment_jwkMap.get("partner-signing") ?: //' examples/sandbox.yaml > examples/old-script.yaml
run reconciler plan examples/manifests --sandbox examples/old-script.yaml || [ $? -eq 5 ]

printf '\n# The script mended: it takes either name, and the key can be renamed.\n'
run reconciler plan examples/manifests --sandbox examples/sandbox.yaml
run reconciler apply examples/manifests --sandbox examples/sandbox.yaml --auto-approve
run reconciler plan examples/manifests --sandbox examples/sandbox.yaml --detailed-exitcode
