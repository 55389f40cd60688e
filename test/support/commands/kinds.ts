import { existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { type Check, inFolder, ROOT } from "./check.ts";
import { checkCurl } from "./curl.ts";
import { checkFirebase } from "./firebase.ts";
import { checkDeploy, checkDoctor, checkNode, checkNpm, checkNpx, checkPlaygrant } from "./node-tools.ts";
import { SAMPLE } from "./tokens.ts";

/** How each kind of command is looked at. What isn't here has to be thought about first. */

const fine: Check = () => null;

/** `cd`: later commands are typed there. What was just cloned is this project. */
const checkCd: Check = ({ args: [to = ""] }, place) => {
  const folder = to === "playgrant" ? ROOT : inFolder(place, to);
  if (to === "..") return null;
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return `there is no folder ${to}`;
  place.folder = folder;
  return null;
};

/** What is copied or read must be there, or come from outside. */
const checkCopy: Check = ({ args }, place) => {
  const [from = ""] = args.filter((arg) => !arg.startsWith("-"));
  const elsewhere = /^[/~]/.test(from) || from.split("/").includes(SAMPLE);
  return elsewhere || existsSync(inFolder(place, from)) ? null : `there is no ${from}`;
};

/** Commands by the name of their program. `gcloud` is not among them: all of its commands are looked at together. */
export const kinds: ReadonlyMap<string, Check> = new Map([
  ["npm", checkNpm],
  ["npx", checkNpx],
  ["node", checkNode],
  ["playgrant", checkPlaygrant],
  ["firebase", checkFirebase],
  ["deploy/deploy", checkDeploy],
  ["deploy/doctor", checkDoctor],
  ["curl", checkCurl],
  ["cd", checkCd],
  ["cp", checkCopy],
  ...["git", "echo", "printf", "export", "cat", "mkdir", "chmod", "openssl", "base64", "sha256sum"].map(
    (name): [string, Check] => [name, fine],
  ),
  ...["docker", "jq", "tr", "cut", "head", "grep", "read", "sleep", "date", "open", "test", "["].map(
    (name): [string, Check] => [name, fine],
  ),
]);

export function checkFor(name: string): Check {
  return kinds.get(name) ?? (() => `nobody has thought about the command ${basename(name)}`);
}
