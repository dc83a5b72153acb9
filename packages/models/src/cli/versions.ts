import process from "node:process";
import { version } from "../../package.json";

/** Name to version, of this package and of Node. */
export const versions: Readonly<Record<string, string>> = { "@dzdt/models": version, node: process.versions.node };
