import type { Check } from "../check.ts";
import { catalog } from "./catalog.ts";
import { encryption } from "./encryption.ts";
import { firestore } from "./firestore.ts";
import { google } from "./google.ts";
import { indexes } from "./indexes.ts";
import { keythai } from "./keythai.ts";
import { kms } from "./kms.ts";
import { notices } from "./notices.ts";
import { outbox } from "./outbox.ts";
import { play } from "./play.ts";
import { publicUrl } from "./public-url.ts";
import { pubsub } from "./pubsub.ts";
import { push } from "./push.ts";
import { rules } from "./rules.ts";
import { settings } from "./settings.ts";
import { signIn } from "./sign-in.ts";
import { smtp } from "./smtp.ts";
import { webhooks } from "./webhooks.ts";

/** All there are, as they are told: first what is set, then what is outside, then how it goes. */
export const checks: readonly Check[] = [
  settings,
  catalog,
  keythai,
  encryption,
  kms,
  google,
  play,
  firestore,
  indexes,
  rules,
  pubsub,
  push,
  publicUrl,
  signIn,
  smtp,
  webhooks,
  outbox,
  notices,
];
