import type { ExitCode } from "../../../src/lib/errors/index.ts";

/** Exit codes that every command can end with. */
export const commonExitCodes: readonly ExitCode[] = [0, 1, 2, 130, 143];

/** Exit codes of each command besides those that every command has. */
export const commandExitCodes: Readonly<Record<string, readonly ExitCode[]>> = {
  init: [5],
  "bundle create": [3, 4, 5, 6, 8],
  "bundle verify": [3, 4, 6],
  "bundle inspect": [3, 4, 6],
  "package create": [3, 4, 5, 6, 7],
  "package find-images": [3, 4, 5, 6, 7],
  "config render": [3, 5, 6],
  up: [3, 4, 5, 6, 7, 8, 9],
  deploy: [3, 4, 5, 6, 7, 8],
  remove: [3, 4, 5, 7, 8],
  "package list": [3, 4, 5],
  "package inspect": [3, 4, 5, 6],
  status: [3, 4, 5, 6, 7],
  "nodes list": [3, 4, 5],
  "nodes disks": [3, 4, 5, 6, 7],
  "lab up": [3, 4, 5, 7],
  "lab down": [4],
  "lab list": [],
  "lab fault": [4, 7],
  "lab exec": [4],
  doctor: [7],
  "rehearse up": [3, 4, 5, 6, 7, 8, 9],
  "mirror serve": [3, 4, 5, 6],
  version: [],
  completion: [],
};
