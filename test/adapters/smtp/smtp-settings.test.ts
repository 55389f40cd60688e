import { expect, test } from "vitest";
import { createMailer } from "../../../src/adapters/smtp/mailer.ts";
import { readSender, readSmtpUrl } from "../../../src/adapters/smtp/smtp-settings.ts";
import { Secret } from "../../../src/domain/secret.ts";

test.each([
  ["smtps://u:p@mail.example.com", { host: "mail.example.com", port: 465, secure: true, loopback: false }],
  ["smtp://mail.example.com", { host: "mail.example.com", port: 587, secure: false, login: null }],
  ["smtp://127.0.0.1:8025/", { host: "127.0.0.1", port: 8025, loopback: true }],
  ["smtp://localhost:25", { port: 25, loopback: true }],
  ["smtp://[::1]:25", { host: "::1", loopback: true }],
  ["smtp://127.0.0.1.example.com", { loopback: false }],
  ["smtp://a%40b:p%2Fw%3A@h", { login: { user: "a@b", password: "p/w:" } }],
])("reads %s", (url, expected) => {
  expect(readSmtpUrl(new Secret(url))).toMatchObject(expected);
});

test.each([
  "s3cret",
  "https://u:s3cret@mail.example.com",
  "smtps://",
  "smtp://u:s3cret@mail.example.com?tls.rejectUnauthorized=false",
  "smtp://u:s3cret@mail.example.com/path",
  "smtp://u:s3cret%@mail.example.com",
])("refuses %s without quoting it", (url) => {
  const options = { smtpUrl: new Secret(url), from: "a@example.com", timeoutMs: 1000 };
  expect(() => createMailer(options)).toThrow(RangeError);
  expect(() => createMailer(options)).not.toThrow(/s3cret/);
});

test.each([
  ["licenses@example.com", { name: "", address: "licenses@example.com", domain: "example.com" }],
  ["Shop <licenses@example.com>", { name: "Shop", address: "licenses@example.com" }],
  ['"Shop, Ltd." <licenses@example.com>', { name: "Shop, Ltd.", address: "licenses@example.com" }],
  ["ร้านค้า <ticket@ร้านค้า.ไทย>", { name: "ร้านค้า", domain: "xn--42c5b3a1dc8kd.xn--o3cw4h" }],
])("reads the sender %s", (from, expected) => {
  expect(readSender(from)).toMatchObject(expected);
});

test.each(["", "Shop", "Shop <>", "a@b.c, d@e.f", "Shop\r\nBcc: x@y.z <a@b.c>", "a@"])(
  "no sender: %j",
  (from) => {
    expect(() => readSender(from)).toThrow(RangeError);
  },
);
