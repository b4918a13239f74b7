#!/usr/bin/env bash
# Shows what another version of the generator changes in the templates that we override, and merges that with our changes:
#     upgrade_generator.sh [VERSION]    (default: the newest version)
# The merged templates are written to build/upgrade-generator/, with conflict markers where both changed the same lines.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
ours=openapi/templates
merged=build/upgrade-generator
wheel=$(mktemp -d)
trap 'rm -rf "$wheel"' EXIT

# Not the installed version: the base of the merge must be the version that the committed templates were made from.
pinned=$(sed -n 's/^openapi-python-client==//p' constraints.txt)
install() {
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --target "$wheel/$1" "$2"
}
install old "openapi-python-client==$pinned"
install new "openapi-python-client${1:+==$1}"
new=$(basename "$wheel"/new/openapi_python_client-*.dist-info .dist-info)
new=${new#*-}

compare() { # TITLE OLD_LABEL OLD_FILE NEW_LABEL NEW_FILE
    echo "--- $1 ---"
    diff --unified --label "$2" --label "$4" -- "$3" "$5" || (($? == 1))
    echo
}

rm -rf "$merged"
for path in $(cd "$ours" && find * -name '*.jinja' | sort); do
    theirs=openapi_python_client/templates/$path
    [[ -e $wheel/old/$theirs ]] || continue
    if [[ ! -e $wheel/new/$theirs ]]; then
        echo "=== $path: removed in $new ==="
    elif cmp --quiet "$wheel/old/$theirs" "$wheel/new/$theirs"; then
        echo "=== $path: the same in $new ==="
    else
        mkdir -p "$(dirname "$merged/$path")"
        cp "$ours/$path" "$merged/$path"
        conflicts=0
        git merge-file --diff3 -L ours -L "$pinned" -L "$new" \
            "$merged/$path" "$wheel/old/$theirs" "$wheel/new/$theirs" || conflicts=$?
        echo "=== $path: changed in $new; conflicts: $conflicts ==="
        compare "what we changed" "$pinned" "$wheel/old/$theirs" ours "$ours/$path"
        compare "what $new changed" "$pinned" "$wheel/old/$theirs" "$new" "$wheel/new/$theirs"
        compare "both, in $merged/$path" ours "$ours/$path" merged "$merged/$path"
    fi
done
