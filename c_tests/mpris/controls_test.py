#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests media controls with the tools that people use: playerctl, busctl, gdbus, dbus-send.

    dbus-run-session -- controls_test.py COMMAND...

COMMAND starts the program of player.c.
"""

import sys

import command_tests as commands
import shown_tests as shows
import trouble_tests as trouble
from desk import run_tests

TESTS = [
    shows.name_is_owned_while_it_makes_sense,
    shows.threads_and_activation,
    shows.introspection,
    shows.metadata,
    shows.status,
    shows.seeked,
    shows.changes_are_told,
    shows.floods_are_told_once_in_a_while,
    shows.private_sessions_show_no_content,
    commands.loop_modes,
    commands.rates,
    commands.volume,
    commands.writable_where_a_command_is_registered,
    commands.transport,
    commands.greyed_out,
    commands.seeking,
    commands.extension,
    commands.media_keys,
    commands.calls_and_photos,
    commands.inside_callbacks,
    commands.commands_in_order,
    trouble.hostile_calls,
    trouble.strange_messages,
    trouble.no_bus,
    trouble.bus_in_the_runtime_directory,
    trouble.killed_bus,
    trouble.frozen_bus,
    trouble.destroyed_in_a_flood,
]

if __name__ == "__main__":
    run_tests(TESTS, sys.argv[1:])
