#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { commands } from "./commands.ts";
import { cacheFolderIn } from "./folders.ts";
import { renderHelp } from "./help.ts";
import { route } from "./route.ts";

// Only what a help text needs is imported above; everything else is fetched once a command is known to run.
const OLDEST_NODE = 24;

async function main(argv: readonly string[]): Promise<number> {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
    process.stderr.write(`Skerry needs Node.js ${OLDEST_NODE} or newer; this is ${process.versions.node}.\n`);
    return 2;
  }
  for (const stream of [process.stdout, process.stderr]) stream.on("error", leaveOnClosedPipe);
  try {
    const found = route(argv, commands);
    if (found.kind === "help") {
      process.stdout.write(`${renderHelp(found.words, commands)}\n`);
      return 0;
    }
    // Compiled code of the chunks; beside our other caches and not in a temporary folder that is everybody's.
    enableCompileCache(join(cacheFolderIn(process.env), "code"));
    const { runCommand } = await import("./run-command.ts");
    return await runCommand(found.command, found.rest, argv);
  } catch (error) {
    const { printError } = await import("./run-command.ts");
    return printError(error, argv);
  }
}

/** `skerry … | head` closes the pipe early: that is how the reader says thank you. */
function leaveOnClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  throw error;
}

process.exitCode = await main(process.argv.slice(2));
// A connection that somebody forgot to close must not keep the command from ending; whoever is still writing gets this long.
setTimeout(() => process.exit(), 3000).unref();
