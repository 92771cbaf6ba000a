#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Run by units.service. Kernel option vm=VERSION names the machine.
export PATH=/usr/sbin:/usr/bin:/ctgate

vm=$(sed -n 's/.*\bvm=\([^ ]*\).*/\1/p' /proc/cmdline)
# shellcheck source=parts.sh
. /ctgate/parts.sh
part units units.sh
end_machine
