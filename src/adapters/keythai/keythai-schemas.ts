import { z } from "zod";
import { Secret } from "../../domain/secret.ts";

/**
 * KeyThai's answers, read loosely: what a licence carries besides `key`, `status`, `expires_at` and `metadata` is
 * UNCONFIRMED (facts/keythai.md), so a field that is missing or odd becomes null and never fails the whole answer.
 */
const text = z.string().min(1).nullable().catch(null);

const id = z
  .union([z.string().min(1), z.number().transform(String)])
  .nullable()
  .catch(null);

export const license = z.looseObject({
  id,
  status: text,
  metadata: z.record(z.string(), z.unknown()).catch({}),
  /** Epoch seconds. */
  expires_at: z.number().nullable().catch(null),
});

/** The answer to a change: that it came is what counts, so any JSON will do, `null` too. No JSON is undefined here. */
export const changedLicense = z.preprocess(
  (answer) => (answer === undefined || license.safeParse(answer).success ? answer : {}),
  license,
);

/** Shorter ones could not even be put into a path (`..`). */
const key = z
  .string()
  .min(4)
  .transform((plain) => new Secret(plain));

const createdLicense = license.extend({ key });
const product = z.looseObject({ id: z.string(), code: z.string() });
const policy = z.looseObject({ id: z.string(), name: z.string(), type: z.string() });

export type KeyThaiLicense = z.output<typeof license>;
/** Only the answer to create has a key. */
export type CreatedLicense = z.output<typeof createdLicense>;
export type KeyThaiProduct = z.output<typeof product>;
export type KeyThaiPolicy = z.output<typeof policy>;

/** A list comes under its own name or under `data`: the SDKs take both. */
function listUnder<List extends z.ZodType>(name: string, list: List) {
  return z
    .looseObject({})
    .transform((answer) => answer[name] ?? answer.data)
    .pipe(list);
}

/** A create that made nothing is as odd as one without a key: both leave us with nothing to keep. */
export const created = listUnder("licenses", z.tuple([createdLicense], createdLicense));
export const licenses = listUnder("licenses", z.array(license));
export const products = listUnder("products", z.array(product));
export const policies = listUnder("policies", z.array(policy));
