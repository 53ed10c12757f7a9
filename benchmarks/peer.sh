#!/bin/sh
# What teams write first: list, compare, update, ten at a time, and list again to see that it worked.
# It gets its wishes as JSON, and neither orders renames, nor retries, nor looks again before it
# writes, nor reads what became of a deployment.
#
#   sh peer.sh URL WANTED.json SCRATCH
set -eu
url=$1 wanted=$2 scratch=$3
authorization="Authorization: Bearer $APINIZER_TOKEN"

lists() {
    jq -r '[.[].project] | unique[]' "$wanted" |
        xargs -P 10 -I '{}' curl -sSf -H "$authorization" -o "$scratch/{}.json" \
            "$url/apiops/projects/{}/jwks/"
}

differing() {
    jq -r --arg url "$url" --slurpfile wanted "$wanted" '
        (input_filename | sub(".*/"; "") | rtrimstr(".json")) as $project
        | INDEX(.resultList[]; .name) as $live
        | $wanted[0][]
        | select(.project == $project)
        | ($live[.name] // $live[.old]) as $item
        | select($item.name != .name or $item.description != .description)
        | "--data", ({name, description} | tojson | @sh),
          ($url + @uri "/apiops/projects/\($project)/jwks/\($item.name)/")
    ' "$scratch"/*.json
}

lists
differing | xargs -P 10 -n 3 curl -sSf -X PUT -H "$authorization" \
    -H 'Content-Type: application/json' -o /dev/null
lists
test -z "$(differing)"
