import { Hono } from "hono";
import { z } from "zod";
import type { SandboxEnv } from "../http/env.ts";
import { jsonBody, parse } from "../http/json-body.ts";
import type { KeyThai } from "./keythai.ts";
import { licenceOf } from "./management-routes.ts";
import { KeyThaiError, type Licence, type Machine } from "./model.ts";
import { statusOf } from "./views.ts";

const machineBody = z.strictObject({
  fingerprint: z.string().min(1),
  name: z.string().optional(),
  platform: z.string().optional(),
  hostname: z.string().optional(),
});

type MachineBody = z.output<typeof machineBody>;

/** The licence API: what the customer's own program calls with its key and no API key; answers are signed. */
export function licenceRoutes(keythai: KeyThai): Hono<SandboxEnv> {
  const app = new Hono<SandboxEnv>();

  app.get("/keys", (context) => context.json({ keys: keythai.signer.publicKeys() }));

  app.post("/licenses/:key/:verb{activate|validate|deactivate|heartbeat}", async (context) => {
    keythai.calls.licenceApi += 1;
    const licence = licenceOf(keythai, context.req.param("key"));
    const body = parse(machineBody, await jsonBody(context));
    const verb = context.req.param("verb");
    const machine = verb === "activate" ? activate(licence, body) : known(licence, body.fingerprint);
    if (verb === "deactivate") licence.machines = licence.machines.filter((other) => other !== machine);
    machine.seenAt = keythai.now();
    return context.json(answer(licence, machine));
  });

  /** A machine that is active already takes no second seat. */
  function activate(licence: Licence, body: MachineBody): Machine {
    const status = statusOf(licence, keythai.now());
    if (status !== "active")
      throw new KeyThaiError(403, `LICENSE_${status.toUpperCase()}`, `It is ${status}.`);
    const there = licence.machines.find(({ fingerprint }) => fingerprint === body.fingerprint);
    if (there !== undefined) return there;
    const seats = keythai.policies.find(({ id }) => id === licence.policyId)?.maxMachines ?? 1;
    if (licence.machines.length >= seats) {
      throw new KeyThaiError(409, "SEAT_LIMIT_REACHED", `All ${seats} seats are taken.`);
    }
    const { fingerprint, name = null, platform = null, hostname = null } = body;
    const at = keythai.now();
    const machine = { fingerprint, name, platform, hostname, activatedAt: at, seenAt: at };
    licence.machines.push(machine);
    return machine;
  }

  function answer(licence: Licence, { fingerprint, name }: Machine) {
    const status = statusOf(licence, keythai.now());
    return keythai.signer.sign({
      valid: status === "active",
      status,
      expires_at: licence.expiresAt,
      product: licence.product,
      policy_id: licence.policyId,
      issued_at: Math.floor(keythai.now() / 1000),
      machine: { fingerprint, name },
    });
  }

  return app;
}

function known(licence: Licence, fingerprint: string): Machine {
  const machine = licence.machines.find((candidate) => candidate.fingerprint === fingerprint);
  if (machine !== undefined) return machine;
  throw new KeyThaiError(404, "MACHINE_NOT_FOUND", "This machine is not activated.");
}
