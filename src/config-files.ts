import { readFileSync } from "node:fs";
import { type EncryptionKey, parseEncryptionKeys } from "./adapters/crypto/local-secret-box.ts";
import { type Config, type ConfigIssue, type ConfigResult, readConfig } from "./config.ts";
import { type Catalog, parseCatalog } from "./domain/catalog.ts";
import type { Secret } from "./domain/secret.ts";
import { integrations } from "./integrations/registry.ts";

/** What is wrong with the settings, a line each; for who says before it what can't be done so. */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[];
  constructor(issues: readonly ConfigIssue[]) {
    const lines = issues.map(({ variable, message }) => `\n  ${variable}: ${message}`);
    super(`these settings are wrong:${lines.join("")}`);
    this.name = "ConfigError";
    this.issues = issues;
  }
}

/**
 * The settings, with the files they name looked into.
 *
 * @param environment Default: that of this process.
 * @throws ConfigError naming everything that is wrong, all at once.
 */
export function readSettings(environment?: NodeJS.ProcessEnv): Config {
  const read = readConfig(environment);
  const issues = allIssues(read);
  if (!read.ok || issues.length > 0) throw new ConfigError(issues);
  return read.config;
}

/** A setting that is wrong counts as not set: that it is missing too is not said. */
export function allIssues(read: ConfigResult): readonly ConfigIssue[] {
  const wrong = read.ok ? [] : read.issues;
  const told = new Set(wrong.map(({ variable }) => variable));
  const files = checkFiles(read.ok ? read.config : read.rest);
  return [...wrong, ...files.filter(({ variable }) => !told.has(variable))];
}

/** What is wrong with the catalogue and the keys it asks for, beside settings that are wrong by themselves. */
export function checkFiles(config: Config): readonly ConfigIssue[] {
  try {
    readFiles(config);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

/** @throws ConfigError naming everything that is wrong with the catalogue and the keys it asks for. */
export function readFiles(config: Config): { catalog: Catalog; encryptionKeys: EncryptionKey[] } {
  const issues: ConfigIssue[] = [];
  const json = readJson(config.CATALOG_FILE, issues);
  const catalog = json === undefined ? null : readCatalog(json, issues);
  // A catalogue with mistakes tells this as well, so that all is said at once.
  const licensed = JSON.stringify(json)?.includes('"type":"license_key"') ?? false;
  if (licensed && config.KEYTHAI_API_KEY === undefined) {
    issues.push({ variable: "KEYTHAI_API_KEY", message: "is required: the catalogue has a license_key" });
  }
  if (licensed && config.LICENSE_ENCRYPTION_KEYS === undefined && config.LICENSE_KMS_KEY === undefined) {
    issues.push({
      variable: "LICENSE_ENCRYPTION_KEYS",
      message: "is required, or LICENSE_KMS_KEY: the catalogue has a license_key",
    });
  }
  const encryptionKeys = readEncryptionKeys(config.LICENSE_ENCRYPTION_KEYS, issues);
  if (catalog === null || issues.length > 0) throw new ConfigError(issues);
  return { catalog, encryptionKeys };
}

/** What is wrong with a catalogue by itself, whatever the settings. @param file Its path. */
export function catalogIssues(file: string): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const json = readJson(file, issues);
  if (json !== undefined) readCatalog(json, issues);
  return issues;
}

function readJson(file: string, issues: ConfigIssue[]): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const reason = error instanceof SyntaxError ? "is not JSON" : "can't be read";
    issues.push({ variable: "CATALOG_FILE", message: `${file} ${reason}` });
    return undefined;
  }
}

function readCatalog(json: unknown, issues: ConfigIssue[]): Catalog | null {
  const result = parseCatalog(json, integrations);
  if (result.ok) return result.catalog;
  for (const { path, message } of result.issues)
    issues.push({ variable: "CATALOG_FILE", message: `${path}: ${message}` });
  return null;
}

function readEncryptionKeys(text: Secret | undefined, issues: ConfigIssue[]): EncryptionKey[] {
  if (text === undefined) return [];
  try {
    return parseEncryptionKeys(text.reveal());
  } catch (error) {
    issues.push({
      variable: "LICENSE_ENCRYPTION_KEYS",
      message: error instanceof Error ? error.message : "is wrong",
    });
    return [];
  }
}
