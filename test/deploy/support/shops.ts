/** Owners who deploy in different ways. */

export const SECRETS = {
  ADMIN_API_KEYS: `ops:${"0".repeat(64)}`,
  KEYTHAI_API_KEY: "kt_test_of_the_shop",
  SMTP_URL: "smtps://shop:hidden@smtp.example.com",
  LICENSE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 5).toString("base64")}`,
};

/** As in env.example. */
export const PUSH_SHOP = { PROJECT_ID: "my-shop" };

/** All the other choices. */
export const PULL_SHOP = {
  PROJECT_ID: "my-shop",
  RTDN_DELIVERY: "pull",
  LICENSE_KMS: "no",
  FIRESTORE_RULES: "replace",
  API_MIN_INSTANCES: "1",
  SECRETS: "(ADMIN_API_KEYS KEYTHAI_API_KEY SMTP_URL LICENSE_ENCRYPTION_KEYS)",
  SETTINGS: '("MAIL_FROM=Shop, Ltd <licences@example.com>" LOG_LEVEL=warn)',
  ALERT_EMAIL: "ops@example.com",
};

/** Without a worker that is always on. */
export const SCHEDULE_SHOP = {
  PROJECT_ID: "my-shop",
  WORKER: "schedule",
  SECRETS: "(ADMIN_API_KEYS KEYTHAI_API_KEY SMTP_URL)",
  SETTINGS: "(MAIL_FROM=licences@example.com PUBLIC_URL=https://licences.example.com)",
};

export const SHOPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a push subscription and a worker": PUSH_SHOP,
  "a pull subscription, local keys, mail and alerts": PULL_SHOP,
  "sweeps on a schedule": SCHEDULE_SHOP,
};
