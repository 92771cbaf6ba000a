// SPDX-License-Identifier: GPL-2.0-only
#pragma once

namespace ctgate {

// Loads the modules that ctgate needs where the kernel has them as modules; nothing happens where
// they are built in. Throws only when a module exists and cannot be loaded.
void load_kernel_modules();

}  // namespace ctgate
