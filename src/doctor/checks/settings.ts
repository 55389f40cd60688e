import type { Config } from "../../config.ts";
import { type Check, type Finding, failed, ok, warning } from "../check.ts";

/** How to get what a setting needs, where its name doesn't say it. */
const FIXES: Readonly<Record<string, string>> = {
  GOOGLE_CLOUD_PROJECT: "Set it to the project of your app: gcloud config get-value project",
  KEYTHAI_API_KEY:
    "Make an API key with license:read and license:write in KeyThai's console, and set it to that",
  LICENSE_ENCRYPTION_KEYS: 'Make one, and set it to what this prints: echo "k1:$(openssl rand -base64 32)"',
  OBFUSCATED_ACCOUNT_KEY: "Make one, and set it to what this prints: openssl rand -base64 32",
  ADMIN_API_KEYS:
    'Set it to name:hash; the hash comes from: printf %s "$KEY" | openssl dgst -sha256 -r | cut -d " " -f 1',
};

/** The environment, and what one setting asks of another. The catalogue's mistakes are told by `catalog`. */
export const settings: Check = {
  name: "settings",
  run({ config, issues }) {
    const wrong = issues
      .filter(({ variable }) => variable !== "CATALOG_FILE")
      .map(({ variable, message }) => failed(`${variable}: ${message}`, fixOf(variable)));
    const right = wrong.length === 0 ? [ok("all that are set are right")] : [];
    return [...wrong, ...right, ...hints(config, new Set(issues.map(({ variable }) => variable)))];
  },
};

function fixOf(variable: string): string {
  return FIXES[variable] ?? `Correct ${variable} in the environment: .env.example says what it may be`;
}

/** What is right on a desk and not where customers pay. @param wrong What is set, but not as it should be. */
function hints(config: Config, wrong: ReadonlySet<string>): Finding[] {
  const emulators = [
    "FIRESTORE_EMULATOR_HOST",
    "PUBSUB_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
  ] as const;
  const said: readonly [boolean, string, string][] = [
    [
      config.NODE_ENV !== "production",
      "NODE_ENV is not production: what is for development is let through",
      "Set NODE_ENV=production where customers pay",
    ],
    [
      config.PLAYGRANT_STORE === "memory",
      "PLAYGRANT_STORE=memory keeps nothing",
      "Set PLAYGRANT_STORE=firestore",
    ],
    ...emulators.map((name): [boolean, string, string] => [
      config[name] !== undefined,
      `${name} is set: an emulator is asked in place of Google`,
      `Unset ${name} where customers pay`,
    ]),
    [
      config.PLAY_API_ROOT_URL !== undefined,
      "PLAY_API_ROOT_URL is set: Google Play itself is not asked",
      "Unset PLAY_API_ROOT_URL where customers pay",
    ],
    [
      config.WEBHOOK_ALLOW_LOOPBACK,
      "WEBHOOK_ALLOW_LOOPBACK lets webhooks go to this machine",
      "Unset WEBHOOK_ALLOW_LOOPBACK where customers pay",
    ],
    [
      config.ADMIN_API_KEYS.length === 0 && !wrong.has("ADMIN_API_KEYS"),
      "ADMIN_API_KEYS is not set: there is no admin API",
      fixOf("ADMIN_API_KEYS"),
    ],
    [
      config.PUBLIC_URL === undefined && !wrong.has("PUBLIC_URL"),
      "PUBLIC_URL is not set: the service can't be tried from outside",
      "Set it to where customers reach the service, as https://licenses.example.com",
    ],
  ];
  return said.flatMap(([so, message, fix]) => (so ? [warning(message, fix)] : []));
}
