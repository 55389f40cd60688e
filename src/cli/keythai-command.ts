import type { Command } from "commander";
import type { KeyThaiClient } from "../adapters/keythai/keythai-client.ts";
import { KeyThaiApiError } from "../adapters/keythai/keythai-error.ts";
import { type Config, readConfig } from "../config.ts";
import { explainKeyThai, keyThaiOf, readProducts } from "../doctor/keythai.ts";
import type { Finish, Io } from "./program.ts";
import { table } from "./table.ts";

const EXIT_FAILED = 1;
/** EX_CONFIG of sysexits.h. */
const EXIT_CONFIG = 78;
const TIMEOUT_MS = 10_000;

interface ProductsOptions {
  readonly json: boolean;
}
interface PoliciesOptions extends ProductsOptions {
  readonly product?: string;
}

/** What can't be done, in a sentence for the person who asked. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** `playgrant keythai products|policies`: what the catalogue may name. */
export function addKeyThai(program: Command, io: Io, finish: Finish): void {
  const keythai = program.command("keythai").description("what KeyThai has that the catalogue may name");
  keythai
    .command("products")
    .description('list products: the code is what a license_key has as "product"')
    .option("--json", "print JSON", false)
    .action(async (options: ProductsOptions) =>
      finish(await guarded(io, (client) => products(client, options))),
    );
  keythai
    .command("policies")
    .description('list policies: the id is what a license_key has as "policy_id"')
    .option("--product <code or id>", "of this product alone")
    .option("--json", "print JSON", false)
    .action(async (options: PoliciesOptions) =>
      finish(await guarded(io, (client) => policies(client, options))),
    );
}

async function guarded(
  { stdout, stderr }: Io,
  list: (client: KeyThaiClient) => Promise<string>,
): Promise<number> {
  try {
    stdout.write(await list(clientOf()));
    return 0;
  } catch (error) {
    const refusal = error instanceof KeyThaiApiError ? toRefusal(error) : error;
    if (!(refusal instanceof Refusal)) throw error;
    stderr.write(`${refusal.message}\n`);
    return refusal.status;
  }
}

function toRefusal(error: KeyThaiApiError): Refusal {
  const { message, fix } = explainKeyThai(error);
  return new Refusal(EXIT_FAILED, `${message}. ${fix}`);
}

/** Only the two settings that are needed have to be right. */
function clientOf(): KeyThaiClient {
  const read = readConfig();
  const config: Config = read.ok ? read.config : read.rest;
  const issues = read.ok ? [] : read.issues;
  const wrong = issues.find(({ variable }) => variable.startsWith("KEYTHAI_"));
  if (wrong !== undefined) throw new Refusal(EXIT_CONFIG, `${wrong.variable}: ${wrong.message}`);
  const apiKey = config.KEYTHAI_API_KEY;
  if (apiKey === undefined)
    throw new Refusal(EXIT_CONFIG, "KEYTHAI_API_KEY is not set. A key with license:read is enough for this");
  return keyThaiOf(config, apiKey, TIMEOUT_MS);
}

async function products(client: KeyThaiClient, { json }: ProductsOptions): Promise<string> {
  const found = (await client.listProducts()).map(({ code, id, name }) => ({ code, id, name: textOf(name) }));
  return json ? toJson({ products: found }) : table(["code", "id", "name"], found);
}

async function policies(client: KeyThaiClient, { json, product: wanted }: PoliciesOptions): Promise<string> {
  const all = await readProducts(client);
  const chosen = all.filter(
    ({ product }) => wanted === undefined || product.code === wanted || product.id === wanted,
  );
  if (wanted !== undefined && chosen.length === 0) {
    const codes = all.map(({ product }) => product.code).join(", ");
    throw new Refusal(EXIT_FAILED, `KeyThai has no product ${wanted}; it has: ${codes || "none"}`);
  }
  const found = chosen.flatMap(({ product, policies }) =>
    policies.map(({ id, name, type }) => ({ id, product: product.code, type, name })),
  );
  return json ? toJson({ policies: found }) : table(["id", "product", "type", "name"], found);
}

/** A product's name is not documented. */
function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function toJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
