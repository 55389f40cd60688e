import pino from "pino";
import { createLog } from "../../src/adapters/log/log.ts";
import { compose, ONLY_CORE, type Service } from "../../src/compose.ts";
import { ConfigError, readSettings } from "../../src/config-files.ts";
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
  try {
    const config = readSettings(serviceEnvironment());
    // The processor is taken from `api` once its answers are out: what can wait is left to `effects`.
    return compose(config, promptLog(config.LOG_LEVEL), target === "api" ? ONLY_CORE : undefined);
  } catch (error) {
    throw error instanceof ConfigError ? wrongSettings(error) : error;
  }
}

/** Each line goes out before the function goes on: what waits to be written when the processor is taken away may be lost. */
function promptLog(level: string): Log {
  return createLog(level, pino.destination({ dest: 1, sync: true }));
}

function wrongSettings({ issues, message }: ConfigError): Error {
  // Alerts look for lines with an event; what Firebase prints of an error has none.
  promptLog("error").error("settings.wrong", { variables: issues.map(({ variable }) => variable) });
  wrong = new Error(`playgrant can't start, ${message}`);
  return wrong;
}
