import { SANDBOX_API_KEY } from "../../sandbox/keythai/keythai.ts";
import type { TakeOver } from "../../sandbox/rtdn/publisher.ts";
import { createSandbox, type InProcess } from "../../sandbox/sandbox.ts";
import { createKeyThaiClient } from "../../src/adapters/keythai/keythai-client.ts";
import { createLicenseServer } from "../../src/adapters/keythai/license-server.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { Chance, Clock, LicenseServer, PlayApi } from "../../src/ports.ts";
import { createMailbox, type Mailbox } from "./mailbox.ts";
import { createPlayApi } from "./play-api.ts";
import { createReceivers, type Receivers } from "./receivers.ts";
import { suffer, type Trouble } from "./trouble.ts";

/** Google and KeyThai: the sandbox, without a socket; the owner's systems, and customers' mail. */
export interface Outside {
  readonly sandbox: InProcess;
  readonly receivers: Receivers;
  readonly mailbox: Mailbox;
  /** What Firebase Auth knows, by customer. */
  readonly addresses: Map<string, string>;
  /** The adapters of one replica: every call passes by the world's trouble. */
  connect(replica: string): { readonly play: PlayApi; readonly licenses: LicenseServer };
}

export interface OutsideOptions {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Gets every notice of Google's in the turn in which it is made. */
  readonly notices: TakeOver;
  readonly trouble: () => Trouble | null;
  readonly automatic: boolean;
  /** How long `issue` may take, in ms. */
  readonly issueTimeoutMs: number;
  /** How long a webhook or a letter may take, in ms. */
  readonly tellTimeoutMs: number;
}

export function createOutside(options: OutsideOptions): Outside {
  const { clock, chance, notices, trouble, automatic, issueTimeoutMs, tellTimeoutMs } = options;
  const sandbox = createSandbox({
    now: () => clock.now(),
    random: chance,
    sleep: (ms) => clock.sleep(ms),
    automatic,
    rtdn: { kind: "function", deliver: notices },
  });
  const { url: origin, faults } = sandbox;

  const fetchAs =
    (service: "play" | "keythai", replica: string): typeof fetch =>
    async (input, init) => {
      const { signal: _, ...rest } = init ?? {};
      const request = new Request(input, rest);
      const path = request.url.slice(origin.length);
      const strike = trouble()?.({ service, what: `${request.method} ${path}`, replica }) ?? null;
      const act = async () => {
        // The sandbox's own fault, taken by this very request: nothing comes in between.
        if (strike?.kind === "stale") faults.add({ service, kind: "stale" });
        if (strike?.kind === "status") {
          const { status, retryAfterSeconds } = strike;
          faults.add({
            service,
            kind: `status_${status}`,
            ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
          });
        }
        return sandbox.fetch(request);
      };
      return suffer(strike, clock, act, () => new Error("no answer"));
    };

  return {
    sandbox,
    receivers: createReceivers({ clock, timeoutMs: tellTimeoutMs }),
    mailbox: createMailbox(clock, tellTimeoutMs),
    addresses: new Map(),
    connect(replica) {
      const client = createKeyThaiClient({
        apiKey: new Secret(SANDBOX_API_KEY),
        baseUrl: `${origin}/keythai/v1`,
        timeoutMs: issueTimeoutMs,
        fetch: fetchAs("keythai", replica),
      });
      return {
        play: createPlayApi(`${origin}/androidpublisher/v3`, fetchAs("play", replica), clock),
        // No wait is ever short enough: the adapter's quick repetitions go by real time.
        licenses: createLicenseServer({ client, issueTimeoutMs, maxPages: 200, retryAfterCapMs: -1 }),
      };
    },
  };
}
