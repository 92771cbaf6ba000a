// SPDX-License-Identifier: GPL-2.0-only
// quit VALUE: ends the virtual machine through qemu's isa-debug-exit device at port 0xf4; qemu
// then exits with (VALUE << 1) | 1. Static, because it must work when all else is broken.
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>

#define DEBUG_EXIT_PORT 0xf4

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: quit VALUE\n");
        return 2;
    }
    if (ioperm(DEBUG_EXIT_PORT, 1, 1) != 0) {
        perror("quit: ioperm");
        return 1;
    }
    outb((unsigned char)atoi(argv[1]), DEBUG_EXIT_PORT);
    fprintf(stderr, "quit: qemu runs without isa-debug-exit\n");
    return 1;
}
