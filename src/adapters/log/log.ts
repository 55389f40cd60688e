import pino from "pino";
import { AppError, OutsideError } from "../../domain/errors.ts";
import type { Log, LogFields } from "../../ports.ts";

/** Texts that look like a secret, wherever they turn up: purchase tokens, JWTs, licence keys, webhook secrets. */
const SECRETS = [
  /[a-z]{20,}\.[A-Za-z0-9_-]{20,}/g,
  /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g,
  /KEYT-[A-Z0-9-]+/g,
  /kt_(?:live|test)_[A-Za-z0-9_-]+/g,
  /whsec_[A-Za-z0-9+/=]+/g,
];

/** What Cloud Logging calls pino's levels: a line without it is shown, and alarmed on, as if it were nothing. */
const SEVERITIES: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};

export function scrub(text: string): string {
  return SECRETS.reduce((rest, pattern) => rest.replace(pattern, "[secret]"), text);
}

/**
 * JSON lines on stdout. Callers pass ids and outcomes; this is the second fence: fields and errors are scrubbed, and of
 * an error that is none of ours only its name, code and stack frames are told, since its message may quote anything.
 *
 * @param level A pino level.
 */
export function createLog(level: string, destination?: pino.DestinationStream): Log {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: "event",
    formatters: { level: (label, level) => ({ level, severity: SEVERITIES[label] }) },
  };
  // Lines that come while one is being written go out together with the next; at exit pino writes what is left.
  const logger = pino(options, destination ?? pino.destination({ dest: 1, sync: false }));
  const line = (fields: LogFields | undefined, error: unknown) => ({
    ...scrubbed(fields),
    ...(error === undefined ? {} : { error: describe(error) }),
  });
  return {
    info: (event, fields) => logger.info(line(fields, undefined), event),
    warn: (event, fields, error) => logger.warn(line(fields, error), event),
    error: (event, fields, error) => logger.error(line(fields, error), event),
  };
}

function scrubbed(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, scrubbedValue(value)]));
}

function scrubbedValue(value: LogFields[string] | undefined): unknown {
  if (typeof value === "string") return scrub(value);
  return Array.isArray(value) ? value.map((text) => scrub(String(text))) : value;
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: "not an error" };
  const ours = error instanceof AppError || error instanceof OutsideError;
  const told: Record<string, unknown> = { name: scrub(error.name) };
  if ("code" in error && (typeof error.code === "string" || typeof error.code === "number"))
    told.code = typeof error.code === "string" ? scrub(error.code) : error.code;
  if (ours) told.message = scrub(error.message);
  else told.frames = frames(error);
  if (error.cause !== undefined) told.cause = describe(error.cause);
  return told;
}

function frames(error: Error): string[] {
  const lines = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return lines.slice(0, 8).map((line) => scrub(line.trim()));
}
