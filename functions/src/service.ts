import pino from "pino";
import { createLog } from "../../src/adapters/log/log.ts";
import { compose, ONLY_CORE, type Service } from "../../src/compose.ts";
import { type ConfigIssue, readConfig } from "../../src/config.ts";
import { ConfigError } from "../../src/config-files.ts";
import type { Log } from "../../src/ports.ts";
import { serviceEnvironment, target } from "./environment.ts";

let service: Service | null = null;
/** Settings don't change while an instance lives: what is wrong with them is looked for, and told, once. */
let wrong: Error | null = null;

/**
 * The service of this instance, made at the first call.
 *
 * @throws Error naming every wrong setting: the function fails, and its log says what to mend.
 */
export function theService(): Service {
  if (wrong !== null) throw wrong;
  service ??= start();
  return service;
}

function start(): Service {
  const read = readConfig(serviceEnvironment());
  if (!read.ok) throw wrongSettings(read.issues);
  try {
    // The processor is taken from `api` once its answers are out: what can wait is left to `effects`.
    return compose(read.config, promptLog(read.config.LOG_LEVEL), target === "api" ? ONLY_CORE : undefined);
  } catch (error) {
    throw error instanceof ConfigError ? wrongSettings(error.issues) : error;
  }
}

/** Each line goes out before the function goes on: what waits to be written when the processor is taken away may be lost. */
function promptLog(level: string): Log {
  return createLog(level, pino.destination({ dest: 1, sync: true }));
}

function wrongSettings(issues: readonly ConfigIssue[]): Error {
  const lines = issues.map(({ variable, message }) => `\n  ${variable}: ${message}`);
  // Alerts look for lines with an event; what Firebase prints of an error has none.
  promptLog("error").error("settings.wrong", { variables: issues.map(({ variable }) => variable) });
  wrong = new Error(`playgrant can't start, these settings are wrong:${lines.join("")}`);
  return wrong;
}
