import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { MemoryTables } from "../../src/adapters/memory/tables.ts";
import { runDueEffects } from "../../src/use-cases/run-effects.ts";
import { asAdmin } from "./support/admin.ts";
import {
  ACCOUNT_KEY,
  ADMIN_KEY,
  type Answer,
  ENCRYPTION_KEY,
  PACKAGE,
  PUSH_ACCOUNT,
  PUSH_AUDIENCE,
  startService,
  until,
} from "./support/service.ts";

const UNKNOWN = `${"q".repeat(24)}.AO-J1O${"Z".repeat(100)}`;

/**
 * A busy day: purchases, refusals, faults of every kind, refunds. Whatever was secret in it is looked for in every log
 * line, in every problem, and in the id of every document.
 */
test("no secret is in a log line, an error's body or a document's id", { timeout: 60_000 }, async () => {
  const apiKey = "kt_live_0123456789abcdefSecret";
  const service = await startService({
    LOG_LEVEL: "trace",
    VERIFY_WAIT_MS: "300",
    VERIFY_FRESH_SECONDS: "0",
    VERIFY_RATE_PER_MINUTE: "60",
    OBFUSCATED_ACCOUNT_ID: "hmac",
    OBFUSCATED_ACCOUNT_KEY: ACCOUNT_KEY,
    SMTP_URL: "smtps://mailer:pass-of-the-mailer@127.0.0.1:1",
    MAIL_FROM: "shop@example.com",
  });
  const { sandbox } = service;
  const secrets = new Set([apiKey, ENCRYPTION_KEY, ACCOUNT_KEY, ADMIN_KEY, "pass-of-the-mailer", UNKNOWN]);
  secrets.add(sandbox.keythai.apiKey);
  const answers: Answer[] = [];

  const idToken = async (uid: string) => {
    const token = await sandbox.identity.token({ uid, email: `${uid}@example.com` });
    secrets.add(token);
    return { Authorization: `Bearer ${token}` };
  };
  const ask = async (uid: string, method: string, path: string, body?: unknown) => {
    const headers = await idToken(uid);
    const answer = await service.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
    answers.push(answer);
    for (const [key] of answer.text.matchAll(/KEYT(-[0-9A-Z]{4}){5}/g)) secrets.add(key);
    return answer;
  };
  const verify = (uid: string, body: unknown) => ask(uid, "POST", "/v1/purchases/verify", body);
  const pushToken = await sandbox.identity.pushToken({ audience: PUSH_AUDIENCE, email: PUSH_ACCOUNT });
  secrets.add(pushToken);
  const push = async (body: unknown, token = pushToken) => {
    const data = Buffer.from(typeof body === "string" ? body : JSON.stringify(body)).toString("base64");
    const headers = { Authorization: `Bearer ${token}` };
    const message = { data, messageId: String(answers.length) };
    answers.push(await service.call("POST", "/v1/rtdn", { headers, body: { message } }));
  };
  const pushAll = async () => {
    for (const told of [...sandbox.play.notifications]) await push(told.body);
  };
  const buy = (productId: string, input = {}) => {
    const request = service.buy(productId, { obfuscatedAccountId: null, ...input });
    secrets.add(request.purchase_token);
    return request;
  };

  // What goes well.
  const lifetime = buy("lifetime");
  const team = buy("plan", { basePlanId: "team" });
  const seats = buy("seats", { quantity: 2 });
  for (const bought of [lifetime, team, seats, buy("coins"), buy("badge", { pending: true })]) {
    expect((await verify("ann", bought)).status).toBe(200);
  }
  for (const path of ["/v1/purchases", "/v1/grants", "/v1/entitlements", "/v1/account"])
    await ask("ann", "GET", path);
  const { purchaseToken } = sandbox.play.act(team.purchase_token, "change_plan", {
    basePlanId: "monthly",
    obfuscatedAccountId: null,
  });
  secrets.add(purchaseToken);
  await pushAll();
  sandbox.play.act(lifetime.purchase_token, "refund");
  sandbox.play.act(purchaseToken, "hold");
  sandbox.play.act(seats.purchase_token, "refund_review");
  await pushAll();
  for (const review of sandbox.play.reviews.keys()) secrets.add(review);

  // What is refused.
  await verify("ben", seats);
  await verify("ann", { ...seats, product_id: "badge" });
  await verify("ann", { ...seats, package_name: seats.purchase_token });
  await verify("ann", { ...seats, product_id: seats.purchase_token });
  await verify("ann", { package_name: PACKAGE, product_id: "badge", purchase_token: UNKNOWN });
  await verify("ann", { ...buy("badge"), product_id: "plan" });
  await verify("ann", { ...seats, purchase_token: [seats.purchase_token] });
  await verify("ann", `{"purchase_token":"${seats.purchase_token}",`);
  await verify("ann", { ...seats, [seats.purchase_token]: 1, purchase_token: "" });
  await ask("ann", "POST", "/v1/purchases/restore", { purchases: [seats, { ...lifetime, product_id: "x" }] });
  await ask("ann", "GET", `/v1/grants/${seats.purchase_token}`);
  await ask("ann", "GET", `/v1/purchases?cursor=${seats.purchase_token}`);
  await ask("ann", "GET", `/${seats.purchase_token}`);
  const many = { purchases: Array.from({ length: 50 }, () => seats) };
  for (let count = 0; count < 2; count += 1) await ask("eve", "POST", "/v1/purchases/restore", many);
  for (const token of [pushToken, ADMIN_KEY, UNKNOWN]) {
    answers.push(await service.call("GET", "/v1/grants", { headers: { Authorization: `Bearer ${token}` } }));
    answers.push(await service.call("GET", "/metrics", { headers: { Authorization: `Bearer ${token}` } }));
    await push({}, `${token}x`);
  }

  // Bad messages, among them one whose field names are tokens.
  const notice = { packageName: PACKAGE, eventTimeMillis: "1" };
  await push(seats.purchase_token);
  await push({ ...notice, packageName: seats.purchase_token });
  await push({ ...notice, oneTimeProductNotification: { notificationType: 1, purchaseToken: UNKNOWN } });
  await push({ ...notice, [seats.purchase_token]: {} });
  await push({ ...notice, [seats.purchase_token]: { purchaseToken: lifetime.purchase_token } });

  // What the shop's people do.
  const adminAnswers: Answer[] = [];
  const admin = async (method: string, path: string, body?: unknown) => {
    const answer = await asAdmin(service, method, `/v1/admin/${path}`, body);
    answers.push(answer);
    adminAnswers.push(answer);
    return answer;
  };
  for (const path of ["customers/ann", "purchases", "grants", "license_orphans", "refund_reviews"])
    expect((await admin("GET", path)).status).toBe(200);
  expect((await admin("GET", `purchases?purchase_token=${seats.purchase_token}`)).status).toBe(200);
  for (const parameter of ["state", "limit", "cursor"])
    await admin(
      "GET",
      `purchases?${parameter}=${seats.purchase_token}&purchase_token=${seats.purchase_token}`,
    );
  for (const act of ["purchases/@/sync", "grants/@/revoke", "grants/@/retry", "dead_letters/@/replay"])
    await admin("POST", act.replace("@", seats.purchase_token));
  await admin("POST", "grants", {
    customer_id: "ann",
    entitlement_id: seats.purchase_token,
    expires_at: null,
  });
  await admin("POST", "grants", { customer_id: "ann", entitlement_id: "desktop", expires_at: null });
  for (const { id } of service.tables.grants.values()) await admin("POST", `grants/${id}/revoke`);
  for (const { id } of service.tables.refundReviews.values())
    await admin("POST", `refund_reviews/${id}/answer`, { preference: "neutral" });
  for (const id of service.tables.deadLetters.keys()) await admin("POST", `dead_letters/${id}/replay`);

  // What breaks.
  const kinds = ["status_401", "status_403", "status_503", "cut_before", "cut_after", "broken_json"] as const;
  for (const kind of kinds) {
    sandbox.faults.add({ service: "play", kind, count: null });
    await verify("cid", buy("badge"));
    await push({
      ...notice,
      oneTimeProductNotification: { notificationType: 1, purchaseToken: seats.purchase_token },
    });
    sandbox.faults.clear();
    sandbox.faults.add({ service: "keythai", kind, count: null });
    await verify(`dan-${kind}`, buy("seats"));
    await runDueEffects(service.ports, 50);
    sandbox.faults.clear();
  }
  const { load } = service.ports.store;
  service.ports.store.load = () => Promise.reject(new Error(`bug with ${seats.purchase_token} in it`));
  await verify("ann", seats);
  await push({
    ...notice,
    oneTimeProductNotification: { notificationType: 1, purchaseToken: seats.purchase_token },
  });
  service.ports.store.load = load;
  await until(async () => {
    await runDueEffects(service.ports, 50);
    return [...service.tables.outbox.values()].every(({ value }) => value.dueAt > Date.now());
  });

  const keys = [...service.tables.licenseKeys.values()];
  expect(keys.length).toBeGreaterThan(3);
  for (const { id, sealed, slotId } of keys) {
    const key = await service.ports.secretBox.open(sealed, slotId);
    secrets.add(key.reveal());
    expect(id).not.toContain(key.reveal());
    expect(adminAnswers.filter(({ text }) => text.includes(key.reveal()))).toEqual([]);
  }
  expect(service.lines.length).toBeGreaterThan(60);
  const problems = answers.filter(({ status }) => status >= 400);
  expect(new Set(problems.map(({ status }) => status))).toEqual(
    new Set([400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503]),
  );
  const haystacks: readonly [string, readonly string[]][] = [
    ["log", service.lines],
    ["problem", problems.map(({ text, headers }) => text + JSON.stringify([...headers]))],
    ["headers", answers.map(({ headers }) => JSON.stringify([...headers]))],
    ["document id", documentIds(service.tables)],
    ["metrics", [(await service.ports.metrics.text()).body]],
  ];
  for (const secret of secrets) {
    for (const [where, texts] of haystacks) {
      const found = texts.filter((text) => shows(text, secret));
      expect(found, `${where}: ${secret.slice(0, 12)}…`).toEqual([]);
    }
  }
  // No answer ever gives a purchase token back, nor shows one customer's keys to another.
  for (const { text } of answers) expect(text).not.toMatch(/[a-z]{24}\.AO-J1O/);
});

/** As it is, as base64, or as a long piece of it. */
function shows(text: string, secret: string): boolean {
  const piece = secret.length > 40 ? secret.slice(10, 40) : secret;
  return (
    text.includes(piece) ||
    text.includes(Buffer.from(secret).toString("base64").slice(0, -4)) ||
    text.includes(createHash("sha256").update(secret).digest("base64"))
  );
}

function documentIds(tables: MemoryTables): string[] {
  return Object.values(tables).flatMap((table) => (table instanceof Map ? [...table.keys()] : []));
}
