import { OutsideError } from "../../../src/domain/errors.ts";
import type { GrantId, SlotId } from "../../../src/domain/ids.ts";
import type { Instant } from "../../../src/domain/instant.ts";
import { Secret } from "../../../src/domain/secret.ts";
import type {
  FoundLicense,
  IssuedLicense,
  LicenseOrder,
  LicenseServer,
  LicenseStanding,
} from "../../../src/ports.ts";

export interface HeldLicense {
  readonly licenseId: string;
  readonly key: string;
  readonly slotId: SlotId;
  readonly grantId: GrantId;
  readonly orderId: string | null;
  readonly attempt: number;
  readonly product: string;
  status: "active" | "suspended" | "revoked";
  expiresAt: Instant | null;
}

type Method = "issue" | "findBySlot" | "setStatus" | "setExpiry" | "standing";

/** KeyThai as far as the port shows it: licences by key, and no idempotency whatever. */
export class FakeLicenses implements LicenseServer {
  readonly issueTimeoutMs = 10_000;
  readonly all: HeldLicense[] = [];
  readonly calls: string[] = [];
  readonly #faults: { method: Method; error: OutsideError; done: boolean }[] = [];

  live(): HeldLicense[] {
    return this.all.filter((license) => license.status !== "revoked");
  }

  /** The next call fails. @param done Whether it has had its effect all the same. */
  failNext(method: Method, error: OutsideError, done = false): void {
    this.#faults.push({ method, error, done });
  }

  issue(order: LicenseOrder): Promise<IssuedLicense> {
    const { slotId, grantId, orderId, attempt, product } = order;
    return this.#call("issue", `issue ${attempt}`, () => {
      const number = this.all.length + 1;
      const key = `KEYT-AAAA-BBBB-${String(number).padStart(4, "0")}`;
      const licenseId = `lic_${number}`;
      this.all.push({
        licenseId,
        key,
        slotId,
        grantId,
        orderId,
        attempt,
        product,
        status: "active",
        expiresAt: null,
      });
      return { key: new Secret(key), licenseId };
    });
  }

  findBySlot(slotId: SlotId): Promise<FoundLicense[]> {
    return this.#call("findBySlot", "find", () =>
      this.all
        .filter((license) => license.slotId === slotId)
        .map(({ licenseId, attempt, grantId, orderId, status }) => ({
          licenseId,
          attempt,
          grantId,
          orderId,
          revoked: status === "revoked",
        })),
    );
  }

  setStatus(key: Secret, action: "suspend" | "resume" | "revoke"): Promise<void> {
    return this.#call("setStatus", action, () => {
      const license = this.all.find((one) => one.key === key.reveal());
      if (license === undefined || license.status === "revoked") {
        if (action === "revoke") return;
        throw new OutsideError("refused", "keythai_license_revoked", "The licence was revoked.");
      }
      license.status = action === "revoke" ? "revoked" : action === "suspend" ? "suspended" : "active";
    });
  }

  setExpiry(key: Secret, at: Instant): Promise<void> {
    return this.#call("setExpiry", "extend", () => {
      const license = this.all.find((one) => one.key === key.reveal());
      if (license === undefined)
        throw new OutsideError("refused", "keythai_not_found", "There is no such licence.");
      license.expiresAt = at;
    });
  }

  standing(key: Secret): Promise<LicenseStanding> {
    return this.#call("standing", "look", () => {
      const license = this.all.find((one) => one.key === key.reveal());
      const { status, expiresAt } = license ?? { status: "revoked", expiresAt: null };
      return { status: status === "revoked" ? "gone" : status, expiresAt };
    });
  }

  async #call<T>(method: Method, label: string, act: () => T): Promise<T> {
    this.calls.push(label);
    const index = this.#faults.findIndex((fault) => fault.method === method);
    const [fault] = index < 0 ? [] : this.#faults.splice(index, 1);
    if (fault === undefined) return act();
    if (fault.done) act();
    throw fault.error;
  }
}
