import { z } from "zod";
import { Secret } from "./domain/secret.ts";

/** The only reader of the environment: text in, checked settings out, every wrong one named at once. */

const text = z.string().min(1);
const flag = z.enum(["1", "0"]).transform((value) => value === "1");
const secretText = text.transform((value) => new Secret(value));
const whole = (min: number, max: number) =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(z.number().min(min).max(max));

const list = text.transform((value) =>
  value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

const role = z.enum(["api", "subscriber", "worker"]);
export type Role = z.output<typeof role>;

const url = z.url({ protocol: /^https?$/ });
/** Credentials and purchase tokens go there: over plain http only to this very machine. */
const safeUrl = url.refine((value) => value.startsWith("https:") || isLoopback(value), {
  message: "must be https, or http on loopback",
});
/** Paths are put behind it. */
const rootUrl = safeUrl.refine(
  (value) => !/[?#@]/.test(value),
  "must end with its path, without user or query",
);
/** Put into a header: what can't stand there would fail at every call, quoted. */
const headerSecret = text
  .regex(/^[\x21-\x7e]+$/, "has a character that a header can't carry")
  .transform((value) => new Secret(value));

const adminKey = z
  .string()
  .regex(
    /^[A-Za-z0-9_.@-]{1,64}:[0-9a-f]{64}$/,
    "expected name:sha256hex, the hash in 64 lower-case hex digits",
  )
  .transform((entry) => {
    const cut = entry.lastIndexOf(":");
    return { name: entry.slice(0, cut), sha256: entry.slice(cut + 1) };
  });

const accountKey = text
  .refine(
    (value) => /^[A-Za-z0-9+/]+={0,2}$/.test(value) && Buffer.from(value, "base64").length >= 32,
    "expected base64 of at least 32 bytes",
  )
  .transform((value) => new Secret(value));

const environmentSchema = z.object({
  NODE_ENV: z.string().optional(),
  PORT: whole(0, 65535).default(8080),
  HOST: text.default("0.0.0.0"),
  PLAYGRANT_ROLES: list.pipe(z.array(role).min(1)).default(["api", "subscriber", "worker"]),
  PLAYGRANT_STORE: z.enum(["firestore", "memory"]).default("firestore"),
  GOOGLE_CLOUD_PROJECT: text.optional(),
  FIRESTORE_EMULATOR_HOST: text.optional(),
  PUBSUB_EMULATOR_HOST: text.optional(),
  FIREBASE_AUTH_EMULATOR_HOST: text.optional(),
  PLAY_API_ROOT_URL: rootUrl.optional(),
  CATALOG_FILE: text.default("catalog.json"),
  AUTH_ISSUER: text.optional(),
  AUTH_AUDIENCE: text.optional(),
  AUTH_JWKS_URL: safeUrl.optional(),
  RTDN_SUBSCRIPTION: z
    .string()
    .regex(/^[A-Za-z][\w.~+%/-]{2,}$/, "expected a subscription's name")
    .default("playgrant-rtdn"),
  RTDN_PUSH_AUDIENCE: text.optional(),
  RTDN_PUSH_SERVICE_ACCOUNT: text.optional(),
  RTDN_PUSH_ISSUER: text.optional(),
  RTDN_PUSH_JWKS_URL: safeUrl.optional(),
  KEYTHAI_API_KEY: headerSecret.optional(),
  KEYTHAI_BASE_URL: rootUrl.default("https://api.keythai.net/v1"),
  LICENSE_ENCRYPTION_KEYS: secretText.optional(),
  LICENSE_KMS_KEY: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
      "expected projects/…/locations/…/keyRings/…/cryptoKeys/…",
    )
    .optional(),
  LICENSE_SEAL_WITH: z.enum(["local", "kms"]).optional(),
  ADMIN_API_KEYS: list.pipe(z.array(adminKey)).default([]),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, message: "expected smtp://… or smtps://…" })
    .transform((value) => new Secret(value))
    .optional(),
  MAIL_FROM: text
    .regex(/^[^\r\n]*[^\s@<>]+@[^\s@<>]+>?$/, "expected an address, or a name and <an address>")
    .optional(),
  OBFUSCATED_ACCOUNT_ID: z.enum(["uid", "hmac", "none"]).default("uid"),
  OBFUSCATED_ACCOUNT_KEY: accountKey.optional(),
  PURCHASE_TRANSFER: z.enum(["reject", "allow"]).default("reject"),
  VERIFY_FRESH_SECONDS: whole(0, 3600).default(30),
  REFUND_REVIEW_DEFAULT: z.enum(["none", "neutral", "decline"]).default("none"),
  RENEWAL_LEEWAY_HOURS: whole(0, 24 * 30).default(72),
  VERIFY_WAIT_MS: whole(0, 60_000).default(5000),
  PLAY_QUOTA_PER_MINUTE: whole(1, 10_000_000).default(2400),
  VERIFY_RATE_PER_MINUTE: whole(1, 1_000_000).default(300),
  PUBLIC_URL: url.optional(),
  WEBHOOK_ALLOW_LOOPBACK: flag.default(false),
  EFFECT_LEASE_SECONDS: whole(1, 55).default(45),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export type Config = z.output<typeof environmentSchema>;

/** Every setting there is, for the test that keeps `.env.example` complete. */
export const settingNames = Object.keys(environmentSchema.shape);

export interface ConfigIssue {
  readonly variable: string;
  readonly message: string;
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly issues: readonly ConfigIssue[];
      /** The settings without those that are wrong by themselves: what they name can still be looked at. */
      readonly rest: Config;
    };

/**
 * Checks the settings of contract section 2. An empty variable counts as not set. No message quotes a value, which may
 * be a secret.
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ConfigResult {
  const given = Object.fromEntries(
    settingNames.flatMap((name) => {
      // What a file or a pipe put into a secret store ends with a line's end, which no setting wants.
      const value = environment[name]?.replace(/\r?\n$/, "");
      return value ? [[name, value]] : [];
    }),
  );
  const parsed = environmentSchema.safeParse(given);
  if (parsed.success) {
    const issues = together(parsed.data);
    return issues.length === 0 ? { ok: true, config: parsed.data } : { ok: false, issues, rest: parsed.data };
  }
  const issues = parsed.error.issues.map(({ path, message }) => ({ variable: String(path[0]), message }));
  // What goes together can still be said of the variables that are right by themselves.
  const wrong = new Set(issues.map(({ variable }) => variable));
  const others = Object.entries(given).filter(([name]) => !wrong.has(name));
  const rest = environmentSchema.parse(Object.fromEntries(others));
  return { ok: false, issues: [...issues, ...together(rest, wrong)], rest };
}

/** What one setting asks of another. */
function together(config: Config, wrong: ReadonlySet<string> = new Set()): ConfigIssue[] {
  const production = config.NODE_ENV === "production";
  const rules: readonly [boolean, keyof Config, string][] = [
    [
      config.PLAYGRANT_STORE === "firestore" && config.GOOGLE_CLOUD_PROJECT === undefined,
      "GOOGLE_CLOUD_PROJECT",
      "is required with the Firestore store",
    ],
    [
      production && config.PLAYGRANT_STORE === "memory",
      "PLAYGRANT_STORE",
      "memory keeps nothing: refused in production",
    ],
    [
      production && config.FIREBASE_AUTH_EMULATOR_HOST !== undefined,
      "FIREBASE_AUTH_EMULATOR_HOST",
      "makes unsigned ID tokens valid: refused in production",
    ],
    [production && config.WEBHOOK_ALLOW_LOOPBACK, "WEBHOOK_ALLOW_LOOPBACK", "refused in production"],
    [
      config.OBFUSCATED_ACCOUNT_ID === "hmac" && config.OBFUSCATED_ACCOUNT_KEY === undefined,
      "OBFUSCATED_ACCOUNT_KEY",
      "is required with OBFUSCATED_ACCOUNT_ID=hmac",
    ],
    [
      config.LICENSE_SEAL_WITH === "kms" && config.LICENSE_KMS_KEY === undefined,
      "LICENSE_KMS_KEY",
      "is required with LICENSE_SEAL_WITH=kms",
    ],
    [
      config.LICENSE_SEAL_WITH === "local" && config.LICENSE_ENCRYPTION_KEYS === undefined,
      "LICENSE_ENCRYPTION_KEYS",
      "is required with LICENSE_SEAL_WITH=local",
    ],
    [
      config.SMTP_URL !== undefined && config.MAIL_FROM === undefined,
      "MAIL_FROM",
      "is required with SMTP_URL",
    ],
    ...identityRules(config),
  ];
  return rules.flatMap(([broken, variable, message]) =>
    broken && !wrong.has(variable) ? [{ variable, message }] : [],
  );
}

/** Half of who signs ID tokens is nobody. All three are there, or Firebase Auth of the project, or nobody signs in. */
function identityRules(config: Config): [boolean, keyof Config, string][] {
  const names = ["AUTH_ISSUER", "AUTH_AUDIENCE", "AUTH_JWKS_URL"] as const;
  const begun = config.GOOGLE_CLOUD_PROJECT === undefined && names.some((name) => config[name] !== undefined);
  return names.map((name) => [
    begun && config[name] === undefined,
    name,
    "is required with the other two AUTH_ settings where there is no GOOGLE_CLOUD_PROJECT",
  ]);
}

function isLoopback(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { hostname } = new URL(value);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
