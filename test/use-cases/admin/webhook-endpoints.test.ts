import { beforeEach, describe, expect, it } from "vitest";
import { endpointId } from "../../../src/domain/ids.ts";
import { DAY } from "../../../src/domain/instant.ts";
import { changeEndpoint, removeEndpoint } from "../../../src/use-cases/admin/change-endpoint.ts";
import { createEndpoint } from "../../../src/use-cases/admin/create-endpoint.ts";
import { rotateSecret } from "../../../src/use-cases/admin/rotate-secret.ts";
import { testEndpoint } from "../../../src/use-cases/admin/test-endpoint.ts";
import { signingSecrets } from "../../../src/use-cases/endpoint-secrets.ts";
import { must, NOW } from "../../support/builders.ts";
import { createWorld, type Process, type World } from "../../support/ports.ts";
import { createReceiver, type Receiver } from "./receiver.ts";

const REQUEST = { url: "https://shop.example/hooks", description: "", eventTypes: null };

let world: World;
let service: Process;
let receiver: Receiver;

beforeEach(() => {
  receiver = createReceiver();
  world = createWorld({ outside: { webhooks: receiver } });
  service = world.process();
});

const create = (request = REQUEST) => world.run(createEndpoint(service.ports, request, "eve"));
const stored = (id: string) => must(world.memory.tables.endpoints.get(id));
const deeds = () =>
  world.memory.tables.audit.map(({ actor, customerId, cause, changes }) => [
    actor,
    customerId,
    cause,
    changes.map(({ summary }) => summary),
  ]);

/** Those that sign, in clear, as of now. */
async function signing(id: string): Promise<string[]> {
  return (await signingSecrets(service.ports, stored(id))).map((secret) => secret.reveal());
}

/** The answer to a commit is lost, and the database's client sends it again: what is decided is decided anew. */
function forgetful({ ports }: Process): Process["ports"] {
  const { webhookRecords } = ports;
  return {
    ...ports,
    webhookRecords: {
      ...world.memory.webhookRecords,
      changeEndpoint: async (id, change, audit) => {
        await webhookRecords.changeEndpoint(id, change, audit);
        return webhookRecords.changeEndpoint(id, change, audit);
      },
    },
  };
}

describe("an endpoint's secret", () => {
  it("is kept sealed, opens with its endpoint alone, and shows itself to nobody who prints it", async () => {
    const { endpoint, secret } = await create();
    const { sealed } = must(stored(endpoint.id).secrets[0]);
    expect(sealed).not.toContain(secret.reveal().slice("whsec_".length));
    expect(await signing(endpoint.id)).toEqual([secret.reveal()]);
    await expect(service.ports.secretBox.open(sealed, endpointId("1".repeat(32)))).rejects.toThrow();
    expect(JSON.stringify([endpoint, secret])).not.toContain(secret.reveal());
  });

  it("is followed by another, beside which it signs for a day", async () => {
    const { endpoint, secret } = await create();
    const rotated = await world.run(rotateSecret(service.ports, endpoint.id, false, "eve"));
    const both = [rotated.secret.reveal(), secret.reveal()];
    expect(await signing(endpoint.id)).toEqual(both);
    world.clock.advance(DAY - 1);
    expect(await signing(endpoint.id)).toEqual(both);
    world.clock.advance(1);
    expect(await signing(endpoint.id)).toEqual([rotated.secret.reveal()]);
  });

  it("is rotated once, also where the database's client repeats the commit", async () => {
    const { endpoint, secret } = await create();
    const rotated = await world.run(rotateSecret(forgetful(service), endpoint.id, false, "eve"));
    expect(await signing(endpoint.id)).toEqual([rotated.secret.reveal(), secret.reveal()]);
    expect(rotated.endpoint).toEqual(stored(endpoint.id));
    expect(deeds()).toHaveLength(2);
  });

  it("is none for an endpoint that goes while it is made", async () => {
    const { endpoint } = await create();
    const ports = {
      ...service.ports,
      entropy: (bytes: number) => {
        world.memory.tables.endpoints.delete(endpoint.id);
        return service.ports.entropy(bytes);
      },
    };
    const rotation = world.run(rotateSecret(ports, endpoint.id, false, "eve"));
    await expect(rotation).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("what a person does", () => {
  it("is told by their name, with nobody's history", async () => {
    const { id } = (await create()).endpoint;
    const patch = { enabled: false, url: "https://other.example/", disabledReason: "a secret reason" };
    await world.run(changeEndpoint(service.ports, id, patch, "ann"));
    await world.run(removeEndpoint(service.ports, id, "ben"));
    expect(deeds()).toEqual([
      ["eve", null, "admin", [`webhook endpoint ${id} created`]],
      ["ann", null, "admin", [`webhook endpoint ${id} changed: url, switched off`]],
      ["ben", null, "admin", [`webhook endpoint ${id} deleted`]],
    ]);
  });

  it("leaves no trace where nothing may be sent, or nothing is there", async () => {
    receiver.refuses = "Not there.";
    const refused = { code: "invalid_request", message: "Not there.", issues: [{ path: "url" }] };
    await expect(create()).rejects.toMatchObject(refused);
    const nobody = endpointId("0".repeat(32));
    const change = changeEndpoint(service.ports, nobody, { url: REQUEST.url }, "eve");
    await expect(world.run(change)).rejects.toMatchObject(refused);
    const rename = changeEndpoint(service.ports, nobody, { description: "x" }, "eve");
    await expect(world.run(rename)).rejects.toMatchObject({ code: "not_found" });
    const remove = removeEndpoint(service.ports, nobody, "eve");
    await expect(world.run(remove)).rejects.toMatchObject({ code: "not_found" });
    expect(deeds()).toEqual([]);
  });

  it("asks no name server about an endpoint that can't be", async () => {
    const change = changeEndpoint(service.ports, "x", { url: REQUEST.url }, "eve");
    await expect(world.run(change)).rejects.toMatchObject({ code: "not_found" });
    expect(service.calls).toEqual([]);
  });
});

describe("a sample", () => {
  it("is signed with all that is in force, and nothing remembers it", async () => {
    const { endpoint, secret } = await create();
    const rotated = await world.run(rotateSecret(service.ports, endpoint.id, false, "eve"));
    const before = JSON.stringify(stored(endpoint.id));
    receiver.answers = 500;
    await world.run(testEndpoint(service.ports, endpoint.id, "entitlement_grant.revoked"));
    const message = must(receiver.sent[0]);
    expect(message.secrets.map((each) => each.reveal())).toEqual([rotated.secret.reveal(), secret.reveal()]);
    expect(message.id).not.toContain(".");
    expect(JSON.parse(message.body)).toMatchObject({
      type: "entitlement_grant.revoked",
      timestamp: new Date(NOW).toISOString(),
    });
    expect(JSON.stringify(stored(endpoint.id))).toBe(before);
    expect([world.memory.tables.deliveries.size, world.memory.tables.outbox.size]).toEqual([0, 0]);
  });
});
