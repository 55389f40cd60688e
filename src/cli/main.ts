#!/usr/bin/env node
import { runCli } from "./program.ts";

/** `npx playgrant …`. Ends the process itself: a client of Google's that still waits for an answer would keep it. */
const status = await runCli(process.argv.slice(2), process);
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((written) => stream.write("", written))),
);
process.exit(status);
