import { describe, expect, it } from "vitest";
import { urlRefusal } from "../../../src/adapters/webhook/endpoint-url.ts";
import { isInsideName, isPublicAddress } from "../../../src/adapters/webhook/public-address.ts";
import { INSIDE, PUBLIC, spellings } from "./addresses.ts";

const IN_PRODUCTION = false;
const IN_DEVELOPMENT = true;

describe("an address", () => {
  it.each(Object.entries(INSIDE))("of the class %s is not public", (_class, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it("of the internet is public", () => {
    expect(PUBLIC.filter((address) => !isPublicAddress(address))).toEqual([]);
  });

  it("that can't be read is not public", () => {
    const unreadable = [
      "",
      "8",
      "8.8.8",
      "010.8.8.8",
      "0x8.8.8.8",
      "8.8.8.8.",
      " 8.8.8.8",
      "8.8.8.8/8",
      "dns.google",
    ];
    expect(unreadable.filter(isPublicAddress)).toEqual([]);
  });
});

describe("a name", () => {
  it("of this machine or of networks around it is known in every spelling", () => {
    const inside = [
      "localhost",
      "a.localhost",
      "metadata.google.internal",
      "db.internal",
      "printer.local",
      "internal",
    ];
    const spelled = inside.flatMap((name) => [name, `${name}.`, `${name}..`, name.toUpperCase()]);
    expect(spelled.filter((name) => !isInsideName(name))).toEqual([]);
  });

  it("that only looks like one is not", () => {
    const outside = ["localhost.example.com", "internal.dev", "mylocal.com", "notlocalhost", "example.com."];
    expect(outside.filter(isInsideName)).toEqual([]);
  });
});

describe("a webhook's URL", () => {
  const refusal = (url: string) => urlRefusal(url, IN_PRODUCTION);

  it.each([
    "https://example.com",
    "https://example.com/hooks?token=1#part",
    "https://example.com:443/",
    "https://example.com./",
    "https://ปลา.example.com/",
    "https://1.1.1.1.example.com/",
    `https://example.com/${"a".repeat(2028)}`,
  ])("may be %s", (url) => {
    expect(refusal(url)).toBeNull();
  });

  it.each([
    ["", /not a URL/],
    ["example.com", /not a URL/],
    ["https://", /not a URL/],
    ["https://4294967296/", /not a URL/],
    ["http://example.com/", /https/],
    ["ftp://example.com/", /https/],
    ["file:///etc/passwd", /https/],
    ["javascript:alert(1)", /https/],
    ["https://example.com:8443/", /443/],
    ["https://example.com:80/", /443/],
    ["https://user@example.com/", /user name/],
    ["https://:word@example.com/", /user name/],
    ["https://localhost/", /internal network/],
    ["https://LOCALHOST./", /internal network/],
    ["https://%6cocalhost/", /internal network/],
    ["https://app.localhost/", /internal network/],
    ["https://metadata.google.internal/computeMetadata/v1/", /internal network/],
    ["https://metadata.google.internal./", /internal network/],
    ["https://metadata。google。internal/", /internal network/],
    ["https://nas.local/", /internal network/],
    ["https://localhost../", /DNS/],
    ["https://127.0.0.1../", /DNS/],
    ["https://example..com/", /DNS/],
    ["https://metadata/", /full name/],
    ["https://intranet./", /full name/],
    [`https://example.com/${"a".repeat(2029)}`, /longer/],
    [`https://example.com/${"ก".repeat(500)}`, /longer/],
    [`https://example.com/${" ".repeat(3000)}`, /longer/],
  ])("may not be %s", (url, why) => {
    expect(refusal(url)).toMatch(why);
  });

  it.each(Object.entries(INSIDE))("names no address of the class %s, in no spelling", (_class, addresses) => {
    const spelled = addresses.flatMap((address) =>
      address.includes(":") ? [`[${address}]`] : spellings(address),
    );
    const through = spelled.filter(
      (host) => refusal(`https://${host}/`) !== "The URL must name a host, not an IP address.",
    );
    expect(through).toEqual([]);
  });

  it("names no public address either", () => {
    expect(refusal("https://8.8.8.8/")).toMatch("IP address");
    expect(refusal("https://[2606:4700:4700::1111]/")).toMatch("IP address");
  });

  it("is never quoted: it may hold a secret", () => {
    expect(refusal("http://user:hunter2@localhost:1/?token=hunter2")).not.toMatch("hunter2");
  });
});

describe("where loopback is allowed, a webhook's URL", () => {
  const refusal = (url: string) => urlRefusal(url, IN_DEVELOPMENT);

  it.each([
    "http://localhost:3000/hook",
    "https://localhost:8443/",
    "http://LOCALHOST./",
    "http://127.0.0.1/",
    "http://127.255.0.9:9/",
    "http://2130706433:80/",
    "http://[::1]:9/",
    "https://example.com/",
  ])("may be %s", (url) => {
    expect(refusal(url)).toBeNull();
  });

  it.each([
    "http://example.com/",
    "http://app.localhost/",
    "http://127.0.0.1.example.com/",
    "http://127.example.com/",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
    "http://169.254.169.254/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::]/",
    "http://user@localhost/",
    "ftp://localhost/",
    "https://example.com:8443/",
    `http://localhost/${"a".repeat(2048)}`,
  ])("may still not be %s", (url) => {
    expect(refusal(url)).not.toBeNull();
  });
});
