/* SPDX-License-Identifier: GPL-2.0-only */
/* Proof, in C and in C++, that dataplane and control plane see the same layout. */
#ifndef CTGATE_LAYOUT_H
#define CTGATE_LAYOUT_H

/* `size` is the sum of the sizes of the members, so padding that nobody wrote fails the build. */
#ifdef __cplusplus
#define CTGATE_LAYOUT(type, size) static_assert(sizeof(type) == (size), "layout of " #type)
#else
#define CTGATE_LAYOUT(type, size) _Static_assert(sizeof(type) == (size), "layout of " #type)
#endif

#endif
