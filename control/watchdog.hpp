// SPDX-License-Identifier: GPL-2.0-only
// systemd's watchdog (WatchdogSec=): a service that has not been heard of for that long is ended
// and started again. The daemon's loop says in each turn that it lives, so that one is noticed that
// is stuck.
#pragma once

namespace ctgate {

class Watchdog {
  public:
    Watchdog();  // learns from the environment whether somebody watches

    void alive() const;
    // How long the loop may wait that wants to wait so long.
    int limit_ms(int wanted_ms) const;

  private:
    int interval_ms_ = 0;  // 0: nobody watches
};

}  // namespace ctgate
