import { generateKeyPairSync, sign } from "node:crypto";

/** A self-signed certificate for a host name, with its key, for servers of tests. Valid from 2020 to 2049. */
export function selfSigned(hostname: string): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const name = der(0x30, der(0x31, der(0x30, oid(0x55, 4, 3), der(0x0c, Buffer.from(hostname)))));
  const altName = der(0x30, oid(0x55, 0x1d, 17), der(4, der(0x30, der(0x82, Buffer.from(hostname)))));
  const body = der(
    0x30,
    der(0xa0, der(2, Buffer.from([2]))),
    der(2, Buffer.from([1])),
    ED25519,
    name,
    der(0x30, der(0x17, Buffer.from("200101000000Z")), der(0x17, Buffer.from("491231235959Z"))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, altName)),
  );
  const signature = der(3, Buffer.from([0]), sign(null, body, privateKey));
  const base64 = der(0x30, body, ED25519, signature).toString("base64");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function oid(...bytes: readonly number[]): Buffer {
  return der(6, Buffer.from(bytes));
}

const ED25519 = der(0x30, oid(0x2b, 0x65, 0x70));
