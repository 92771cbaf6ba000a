# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Many small checks, of which only those that fail are printed; for the tests of the documents.
# shellcheck disable=SC2034 # read by whoever sources this
failures=0
checks=0

# expect SENTENCE COMMAND...
expect() {
    local sentence=$1
    shift
    checks=$((checks + 1))
    if ! "$@" >/dev/null 2>&1; then
        echo "not ok - $sentence"
        failures=$((failures + 1))
    fi
}
