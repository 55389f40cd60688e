/** An address or two of every class that a webhook must never reach (entitlement-grants.md section 7). */
export const INSIDE: Readonly<Record<string, readonly string[]>> = {
  unspecified: ["0.0.0.0", "0.1.2.3", "::"],
  loopback: ["127.0.0.1", "127.8.9.10", "::1"],
  private: ["10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254"],
  "link-local": ["169.254.0.1", "169.254.169.254", "169.254.170.2", "fe80::1", "febf::1"],
  "carrier-grade NAT": ["100.64.0.1", "100.127.255.254", "100.100.100.200"],
  "IETF protocol": ["192.0.0.1", "192.0.0.192", "2001:1::1"],
  documentation: ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
  "6to4": ["192.88.99.1", "2002:7f00:1::1", "2002:a00:1::1"],
  benchmarking: ["198.18.0.1", "198.19.255.254", "2001:2::1"],
  multicast: ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
  reserved: ["240.0.0.1", "255.255.255.254", "4000::1", "8000::1", "e000::1"],
  broadcast: ["255.255.255.255"],
  AS112: ["192.31.196.1", "192.175.48.1", "2001:4:112::1", "2620:4f:8000::1"],
  AMT: ["192.52.193.1", "2001:3::1"],
  "unique local": ["fc00::1", "fd00::1", "fd20:ce::254", "fd00:ec2::254"],
  "site-local": ["fec0::1"],
  NAT64: ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"],
  Teredo: ["2001::1", "2001:0:7f00:1::1"],
  ORCHID: ["2001:10::1", "2001:20::1"],
  discard: ["100::1", "100:0:0:1::1"],
  "segment routing": ["5f00::1"],
  "IPv4 in IPv6, mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0"],
  "IPv4 in IPv6, translated": ["::ffff:0:127.0.0.1"],
  "IPv4 in IPv6, compatible": ["::7f00:1", "::a9fe:a9fe", "::a00:1"],
  "Azure's wire server": ["168.63.129.16"],
};

/** Of the internet, some next to what isn't. */
export const PUBLIC: readonly string[] = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.1",
  "192.167.255.255",
  "198.17.255.255",
  "223.255.255.255",
  "2606:4700:4700::1111",
  "2a00:1450:4001::1",
  "::ffff:8.8.8.8",
];

/** Ways in which a URL can spell an IPv4 address. */
export function spellings(address: string): readonly string[] {
  const octets = address.split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const number = ((a * 256 + b) * 256 + c) * 256 + d;
  const hex = (octet: number) => octet.toString(16).padStart(2, "0");
  return [
    address,
    `${address}.`,
    String(number),
    `0x${number.toString(16)}`,
    `0${number.toString(8)}`,
    octets.map((octet) => `0x${hex(octet)}`).join("."),
    octets.map((octet) => `0${octet.toString(8).padStart(3, "0")}`).join("."),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    address.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    address.replaceAll(".", "。"),
    address.replaceAll(/\d/g, (digit) => `%3${digit}`),
    `[::ffff:${address}]`,
    `[::ffff:${hex(a)}${hex(b)}:${hex(c)}${hex(d)}]`,
    `[0:0:0:0:0:ffff:${address}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
  ];
}
